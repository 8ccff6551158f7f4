//! Permits of half-open that are lost, or given to too many.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;

use super::*;

#[tokio::test(start_paused = true)]
async fn hystrix_1621_dropped_probe() {
    let breaker = fragile();
    trip(&breaker);
    wait_until_due(&breaker).await;
    for _ in 0..10 {
        let probe = breaker.try_acquire().expect("the permit is back");
        assert!(probe.is_probe());
        drop(probe);
    }
    breaker.try_acquire().expect("the permit is back").success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_313_panicking_probe() {
    let breaker = fragile();
    trip(&breaker);
    for _ in 0..10 {
        wait_until_due(&breaker).await;
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _probe = breaker.try_acquire().expect("not wedged");
            resume_unwind(Box::new("the body panics"))
        }));
        assert!(unwound.is_err());
        assert_eq!(breaker.state(), State::Open, "a panic is no good news");
    }
    wait_until_due(&breaker).await;
    breaker.try_acquire().expect("not wedged").success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn resilience4j_544_ignored_outcome() {
    let breaker = fragile();
    trip(&breaker);
    wait_until_due(&breaker).await;
    for class in [
        crate::Class::NotRedis,
        crate::Class::Misconfigured,
        crate::Class::WriteRefused,
        crate::Class::Rejected,
    ] {
        breaker.try_acquire().expect("it is back").failed(class);
        assert_eq!(breaker.state(), State::HalfOpen, "{class:?} says nothing");
        assert_eq!(breaker.snapshot().probes, 0, "{class:?}");
    }
    breaker.try_acquire().expect("it is back").neutral();
    breaker.try_acquire().expect("it is back").success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn resilience4j_935_lost_probe() {
    let breaker = fragile().probe_lease(10 * SECOND);
    trip(&breaker);
    wait_until_due(&breaker).await;
    std::mem::forget(breaker.try_acquire().expect("the probe"));
    tokio::time::advance(Duration::from_millis(9_999)).await;
    assert!(breaker.try_acquire().is_err());
    tokio::time::advance(Duration::from_millis(1)).await;
    breaker.try_acquire().expect("its lease is over").success();
    assert_eq!(breaker.state(), State::Closed);
}

/// How many of these threads are admitted when the period is over.
async fn admitted_at_once(breaker: &Breaker, threads: usize) -> usize {
    trip(breaker);
    wait_until_due(breaker).await;
    let (admitted, barrier) = (AtomicUsize::new(0), Barrier::new(threads));
    let runtime = tokio::runtime::Handle::current();
    std::thread::scope(|scope| {
        for _ in 0..threads {
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
    admitted.into_inner()
}

#[tokio::test(start_paused = true)]
async fn resilience4j_1432_loser_of_the_race_goes_too() {
    const ROUNDS: usize = if cfg!(miri) { 3 } else { 200 };
    for _ in 0..ROUNDS {
        assert_eq!(admitted_at_once(&fragile(), 4).await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn recloser_half_open_admits_all() {
    const CALLERS: usize = if cfg!(miri) { 8 } else { 100 };
    for permits in [1_u8, 3] {
        let breaker = fragile()
            .half_open_permits(permits.into())
            .success_threshold(permits.into());
        let admitted = admitted_at_once(&breaker, CALLERS).await;
        assert_eq!(admitted, usize::from(permits));
    }
}

#[tokio::test(start_paused = true)]
async fn opossum_276_half_open_never_decides() {
    for permits in 1..=5 {
        for successes in 1..=5 {
            // The rule of the closed circuit waits for more calls than half-open will ever see.
            let breaker = Breaker::new("not_redis")
                .failure_rate(1, 2, 8 * SECOND)
                .half_open_permits(permits)
                .success_threshold(successes);
            for well in [false, true] {
                for _ in 0..2 {
                    if let Ok(permit) = breaker.try_acquire() {
                        permit.failure();
                    }
                }
                wait_until_due(&breaker).await;
                let mut probes = 0;
                while let Ok(probe) = breaker.try_acquire() {
                    if !probe.is_probe() {
                        break;
                    }
                    probes += 1;
                    if well {
                        probe.success();
                    } else {
                        probe.failure();
                    }
                    assert!(probes <= 5, "{permits} permits, {successes} successes");
                }
                let (state, expected) = if well {
                    (State::Closed, successes)
                } else {
                    (State::Open, 1)
                };
                assert_eq!((breaker.state(), probes), (state, expected));
                breaker.reset();
            }
        }
    }
}
