use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::*;
use crate::registry::FunctionSnapshot;
use crate::{Backoff, Breaker, Class, Policy, Registry, State};

type Answer = Result<u32, redis::RedisError>;

fn gone() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

fn function(name: &str) -> FunctionSnapshot {
    let all = Registry::global().functions();
    all.into_iter()
        .find(|function| function.name == name)
        .expect("it is listed")
}

fn calls(name: &str) -> CallCounts {
    function(name).calls.expect("it is counted")
}

#[test]
fn each_call_is_counted_once_by_how_it_ended() {
    static BREAKER: Breaker = Breaker::new("counts: each").failure_threshold(3);
    static POLICY: Policy = Policy::new("counts: each")
        .retries(1)
        .backoff(Backoff::none())
        .breaker(&BREAKER);
    let mut attempts = 0;
    let _: Answer = POLICY.run_blocking(|| Ok(1));
    let _: Answer = POLICY.run_blocking(|| {
        attempts += 1;
        if attempts == 1 { Err(gone()) } else { Ok(1) }
    });
    let _: Answer = POLICY.run_blocking_or(|| Err(gone()), |_| Ok(2));
    let _: Answer = POLICY.run_blocking_or(|| Err(gone()), Err);
    let name = "counts: each";
    let is = |redis, retried, fallback, failed, rejected| CallCounts {
        redis,
        retried,
        fallbacks: [fallback, 0, 0],
        stale: 0,
        queued: 0,
        failed,
        rejected,
    };
    assert_eq!(calls(name), is(1, 1, 1, 1, 0));
    BREAKER.force_open(None);
    let _: Answer = POLICY.run_blocking(|| Ok(1));
    let _: Answer = POLICY.run_blocking_or(|| Ok(1), |_| Ok(2));
    assert_eq!(calls(name), is(1, 1, 2, 1, 1));
    assert_eq!(BREAKER.snapshot().refused, Some(2));
    BREAKER.reset();
    let _: Answer = POLICY.run_blocking(|| Err(gone()));
    assert_eq!(calls(name), is(1, 1, 2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn of_async_calls_a_timeout_is_a_failure_and_a_dropped_one_counts_for_nothing() {
    static POLICY: Policy = Policy::new("counts: async")
        .retries(0)
        .timeout(Duration::from_millis(100));
    let _: Answer = POLICY.run(async || std::future::pending().await).await;
    let _: Answer = POLICY.run(async || Ok(1)).await;
    let dropped = POLICY.run(async || std::future::pending::<Answer>().await);
    let cut = tokio::time::timeout(Duration::from_millis(10), dropped).await;
    assert!(cut.is_err());
    let counts = calls("counts: async");
    assert_eq!((counts.redis, counts.failed, counts.total()), (1, 1, 2));
    let failed = function("counts: async").attempts.expect("counted").failed;
    assert_eq!(failed.count(), 1);
    let sum = failed.sum().as_millis();
    assert!((100..110).contains(&sum), "{sum}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_waits_is_timed_by_itself() {
    static POLICY: Policy = Policy::new("counts: waits");
    for millis in 1..=100 {
        let _: Answer = POLICY
            .run(async || {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                Ok(1)
            })
            .await;
    }
    let answered = function("counts: waits")
        .attempts
        .expect("counted")
        .answered;
    assert_eq!(answered.count(), 100);
    let median = answered.quantile(0.5).expect("there are some").as_millis();
    assert!((40..=60).contains(&median), "{median}");
}

#[test]
fn of_attempts_that_do_not_wait_one_in_256_counts_for_256() {
    static POLICY: Policy = Policy::new("counts: sampled");
    const CALLS: u64 = 128_000;
    for _ in 0..CALLS {
        let _: Answer = POLICY.run_blocking(|| Ok(1));
    }
    let attempts = function("counts: sampled").attempts.expect("counted");
    let timed = attempts.answered.count();
    assert!((CALLS * 3 / 4..CALLS * 5 / 4).contains(&timed), "{timed}");
    assert_eq!(calls("counts: sampled").redis, CALLS);
}

#[test]
fn threads_that_come_and_go_lose_no_count_and_share_slabs() {
    static POLICY: Policy = Policy::new("counts: threads");
    let others = AtomicUsize::new(0);
    for _ in 0..50 {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let _: Answer = POLICY.run_blocking(|| Ok(1));
                    }
                    others.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
    }
    assert_eq!(calls("counts: threads").redis, 20_000);
    assert!(slab::slabs() < 150, "{}", slab::slabs());
}

#[test]
fn what_is_called_while_a_thread_ends_is_counted() {
    static POLICY: Policy = Policy::new("counts: ending");
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            let _: Answer = POLICY.run_blocking(|| Ok(1));
        }
    }
    thread_local!(static LATE: Late = const { Late });
    thread::spawn(|| {
        // Before the counts, so that it is dropped after them.
        LATE.with(|_| {});
        let _: Answer = POLICY.run_blocking(|| Ok(1));
    })
    .join()
    .expect("no panic");
    assert_eq!(calls("counts: ending").redis, 2);
}

#[test]
fn a_breaker_that_takes_another_s_place_goes_on_with_its_sums() {
    let sums = |breaker: &Breaker| {
        let snapshot = breaker.snapshot();
        (snapshot.times_entered(State::Open), snapshot.refused)
    };
    let open = |breaker: &Breaker| {
        breaker
            .try_acquire()
            .expect("closed")
            .failed(Class::Unreachable);
        assert!(breaker.try_acquire().is_err());
    };
    let new = || Arc::new(Breaker::new("counts: replaced").failure_threshold(1));
    let first = new();
    open(&first);
    assert_eq!(sums(&first), (1, Some(1)));
    drop(first);
    let second = new();
    assert_eq!(sums(&second), (1, Some(1)));
    open(&second);
    assert_eq!(sums(&second), (2, Some(2)));
}
