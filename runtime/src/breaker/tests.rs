use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;

use tokio::time::advance;

use super::*;
use crate::Rejection;

const SECOND: Duration = Duration::from_secs(1);
/// Longer than a first open period with the largest jitter.
const OVER: Duration = Duration::from_millis(1101);

/// The clock stands still in these tests, or nearly.
fn unlumped() -> Breaker {
    Breaker::new("b").burst_window(Duration::ZERO)
}

fn call(breaker: &Breaker, failed: bool) {
    let permit = breaker.try_acquire().expect("closed");
    if failed {
        permit.failure();
    } else {
        permit.success();
    }
}

fn trip(breaker: &Breaker) {
    for _ in 0..100 {
        if let Ok(permit) = breaker.try_acquire() {
            permit.failure();
        }
    }
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn opens_after_five_failures_in_a_row_and_says_for_how_long() {
    let breaker = unlumped();
    for _ in 0..4 {
        breaker.try_acquire().expect("closed").failure();
    }
    breaker.try_acquire().expect("closed").success();
    for _ in 0..4 {
        breaker.try_acquire().expect("closed").failure();
    }
    assert_eq!(breaker.state(), State::Closed);
    breaker.try_acquire().expect("closed").failure();
    assert_eq!(breaker.state(), State::Open);
    let Err(Rejection::CircuitOpen {
        breaker: name,
        retry_after,
    }) = breaker.try_acquire()
    else {
        panic!("an open breaker refuses");
    };
    assert_eq!(name, "b");
    assert!(
        retry_after >= SECOND * 9 / 10 && retry_after <= SECOND * 11 / 10,
        "{retry_after:?}"
    );
    assert_eq!(breaker.retry_after(), retry_after);
    advance(retry_after).await;
    assert!(
        breaker
            .try_acquire()
            .expect("the period is over")
            .is_probe()
    );
}

#[tokio::test(start_paused = true)]
async fn half_open_admits_one_of_a_hundred_threads() {
    const CALLERS: usize = if cfg!(miri) { 10 } else { 100 };
    let breaker = unlumped();
    trip(&breaker);
    advance(OVER).await;
    let (admitted, barrier) = (AtomicUsize::new(0), Barrier::new(CALLERS));
    let runtime = tokio::runtime::Handle::current();
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                // Threads see the paused clock of this runtime.
                let _inside = runtime.enter();
                barrier.wait();
                if let Ok(permit) = breaker.try_acquire() {
                    admitted.fetch_add(1, Ordering::Relaxed);
                    std::mem::forget(permit);
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_gives_its_permit_back_and_says_nothing() {
    let breaker = unlumped();
    trip(&breaker);
    advance(OVER).await;
    drop(breaker.try_acquire().expect("the probe"));
    assert_eq!(breaker.state(), State::HalfOpen);
    breaker.try_acquire().expect("the next probe").success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_probe_is_a_failure() {
    let breaker = unlumped();
    trip(&breaker);
    advance(OVER).await;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _probe = breaker.try_acquire().expect("the probe");
        std::panic::resume_unwind(Box::new("the body panics"));
    }));
    assert!(outcome.is_err());
    assert_eq!(breaker.state(), State::Open);
    advance(2 * OVER).await;
    breaker.try_acquire().expect("not wedged").success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_never_returns_loses_its_lease() {
    let breaker = unlumped().probe_lease(2 * SECOND);
    trip(&breaker);
    advance(OVER).await;
    let hangs = breaker.try_acquire().expect("the probe");
    advance(Duration::from_millis(1999)).await;
    assert!(breaker.try_acquire().is_err());
    advance(Duration::from_millis(1)).await;
    let second = breaker.try_acquire().expect("the lease is over");
    hangs.failure();
    assert_eq!(
        breaker.state(),
        State::HalfOpen,
        "the lost probe can do nothing"
    );
    second.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_never_shorter_than_the_attempt_may_take() {
    let breaker = unlumped().probe_lease(SECOND);
    trip(&breaker);
    advance(OVER).await;
    assert!(breaker.ask(5 * SECOND).is_probe());
    advance(Duration::from_millis(4999)).await;
    assert!(breaker.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn outcomes_from_before_the_outage_change_nothing() {
    let breaker = unlumped();
    let late_success = breaker.try_acquire().expect("closed");
    let late_failure = breaker.try_acquire().expect("closed");
    trip(&breaker);
    late_success.success();
    assert_eq!(breaker.state(), State::Open);
    advance(OVER).await;
    let probe = breaker.try_acquire().expect("the probe");
    late_failure.failure();
    assert_eq!(breaker.state(), State::HalfOpen);
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_late_success_does_not_close_a_half_open_circuit() {
    let breaker = unlumped();
    let late = breaker.try_acquire().expect("closed");
    trip(&breaker);
    advance(OVER).await;
    let _probe = breaker.try_acquire().expect("the probe");
    late.success();
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn cancelled_calls_on_a_healthy_breaker_leave_no_trace() {
    let breaker = unlumped();
    for _ in 0..1000 {
        drop(breaker.try_acquire().expect("closed"));
    }
    assert!(breaker.word().is_quiet());
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_failures_is_one_failure() {
    let breaker = Breaker::new("b");
    for burst in 1..=5 {
        assert_eq!(breaker.state(), State::Closed, "before burst {burst}");
        let permits: Vec<_> = (0..100)
            .map(|_| breaker.try_acquire().expect("closed"))
            .collect();
        permits.into_iter().for_each(Permit::failure);
        advance(Duration::from_millis(20)).await;
    }
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn code_that_is_part_of_a_probe_is_let_through() {
    let breaker = unlumped();
    trip(&breaker);
    advance(OVER).await;
    let probe = breaker.try_acquire().expect("the probe");
    assert!(breaker.try_acquire().is_err());
    probe.inside(|| {
        let nested = breaker.try_acquire().expect("part of the probe");
        assert!(!nested.is_probe());
        nested.success();
        drop(breaker.try_acquire().expect("part of the probe"));
        assert_eq!(
            breaker.state(),
            State::HalfOpen,
            "only the probe itself decides for good"
        );
    });
    assert!(breaker.try_acquire().is_err());
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_failure_inside_a_probe_is_the_probe_s() {
    let breaker = unlumped();
    trip(&breaker);
    advance(OVER).await;
    let probe = breaker.try_acquire().expect("the probe");
    probe.inside(|| breaker.try_acquire().expect("part of the probe").failure());
    assert_eq!(breaker.state(), State::Open);
    probe.success();
    assert_eq!(
        breaker.state(),
        State::Open,
        "Redis has not answered, whatever the probe says"
    );
}

#[test]
fn a_reset_closes_the_circuit() {
    let breaker = unlumped();
    trip(&breaker);
    breaker.reset();
    assert_eq!(breaker.state(), State::Closed);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_window_of_calls_opens_the_circuit_at_its_share() {
    let breaker = Breaker::new("b").failure_rate_of_calls(50, 10, 4);
    let call = |failed| call(&breaker, failed);
    for _ in 0..20 {
        call(false);
    }
    for _ in 0..4 {
        call(true);
    }
    assert_eq!(breaker.state(), State::Closed, "four of the last ten");
    call(true);
    assert_eq!(breaker.state(), State::Open, "five of the last ten");
    breaker.reset();
    for failed in [true, true, true] {
        call(failed);
    }
    assert_eq!(
        breaker.state(),
        State::Closed,
        "the window is empty again, and three are not enough"
    );
    call(false);
    assert_eq!(breaker.state(), State::Open, "three of four");
}

#[tokio::test(start_paused = true)]
async fn a_window_of_time_opens_the_circuit_at_its_share() {
    let breaker = Breaker::new("b").failure_rate_of_time(50, 10 * SECOND, 4);
    let call = |failed| call(&breaker, failed);
    for _ in 0..6 {
        call(false);
    }
    for _ in 0..5 {
        call(true);
    }
    assert_eq!(breaker.state(), State::Closed, "five of eleven");
    advance(11 * SECOND).await;
    for _ in 0..3 {
        call(true);
    }
    assert_eq!(
        breaker.state(),
        State::Closed,
        "the eleven are too old, and three are not enough"
    );
    call(true);
    assert_eq!(breaker.state(), State::Open);
    advance(OVER).await;
    breaker.try_acquire().expect("the probe").success();
    call(true);
    assert_eq!(breaker.state(), State::Closed, "it began anew");
}

#[test]
fn many_threads_lose_no_failure() {
    const FAILURES: u32 = if cfg!(miri) { 20 } else { 1000 };
    let breaker = unlumped().failure_threshold(8 * FAILURES);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..FAILURES {
                    breaker
                        .try_acquire()
                        .expect("closed until the last one")
                        .failure();
                }
            });
        }
    });
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn debug_shows_name_and_state() {
    let text = format!("{:?}", Breaker::new("sessions"));
    assert!(
        text.contains("sessions") && text.contains("Closed"),
        "{text}"
    );
}
