//! Outcomes that come when the circuit has moved on.

use super::*;

#[tokio::test(start_paused = true)]
async fn polly_217_stale_success() {
    let breaker = fragile();
    let late: Vec<_> = (0..3)
        .map(|_| breaker.try_acquire().expect("closed"))
        .collect();
    let mut late = late.into_iter();
    let mut one_more_succeeds = || late.next().expect("there are three").success();
    trip(&breaker);
    one_more_succeeds();
    assert_eq!(breaker.state(), State::Open);
    wait_until_due(&breaker).await;
    one_more_succeeds();
    assert_eq!(breaker.state(), State::Open);
    let probe = breaker.try_acquire().expect("the probe");
    one_more_succeeds();
    assert_eq!(breaker.state(), State::HalfOpen);
    probe.failure();
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn hystrix_1853_stale_failure_and_release() {
    let breaker = fragile().probe_lease(SECOND);
    let late_failure = breaker.try_acquire().expect("closed");
    trip(&breaker);
    wait_until_due(&breaker).await;
    let lost = breaker.try_acquire().expect("the probe");
    tokio::time::advance(SECOND).await;
    let probe = breaker.try_acquire().expect("in place of the lost one");
    late_failure.failure();
    assert_eq!(breaker.state(), State::HalfOpen);
    drop(lost);
    assert_eq!(breaker.snapshot().probes, 1, "the other one's permit");
    assert!(breaker.try_acquire().is_err());
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

/// Whatever thread reads it, and whenever: an open circuit has its end, and that is near.
#[tokio::test(start_paused = true)]
async fn hystrix_1806_torn_state() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 5_000 };
    let breaker = fragile();
    let runtime = tokio::runtime::Handle::current();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (breaker, runtime) = (&breaker, &runtime);
            scope.spawn(move || {
                let _inside = runtime.enter();
                for round in 0..ROUNDS {
                    match (thread + round) % 4 {
                        0 => breaker.reset(),
                        1 | 2 => {
                            if let Ok(permit) = breaker.try_acquire() {
                                permit.failure();
                            }
                        }
                        _ => drop(breaker.try_acquire()),
                    }
                    if let Phase::Open { deadline_ms, .. } = breaker.word().phase() {
                        let left = deadline_ms.checked_sub(now_ms());
                        assert!(left.is_some_and(|left| left <= 1100), "{left:?}");
                    }
                }
            });
        }
    });
    breaker.reset();
    trip(&breaker);
    wait_until_due(&breaker).await;
    assert!(breaker.try_acquire().is_ok(), "it is not open for ever");
}
