//! Many threads at one breaker, with outcomes at random: what the walk over all states shows for one step at a time has to hold for
//! steps that overlap.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use super::live_probes::LiveProbes;
use super::*;

const THREADS: usize = if cfg!(miri) { 3 } else { 16 };

/// `RR_STRESS_SECONDS=10 cargo test --release -p redis-resilient --lib sixteen` takes its time.
fn duration() -> Duration {
    let seconds = std::env::var("RR_STRESS_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok());
    let short = Duration::from_millis(if cfg!(miri) { 5 } else { 300 });
    seconds.map_or(short, Duration::from_secs)
}

#[test]
fn sixteen_threads_never_get_more_probes_than_permits_and_never_wedge_it() {
    for (permits, successes) in [(1, 1), (2, 3), (5, 5)] {
        let breaker = Breaker::new("stress")
            .failure_threshold(3)
            .burst_window(Duration::ZERO)
            .reset_timeout(Duration::from_millis(1))
            .reset_timeout_max(Duration::from_millis(2))
            .half_open_permits(permits)
            .success_threshold(successes);
        let probes = LiveProbes::at_most(permits);
        let end = Instant::now() + duration();
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while Instant::now() < end {
                        call(&breaker, &probes);
                    }
                });
            }
        });
        recovers(&breaker, permits);
    }
}

fn call(breaker: &Breaker, probes: &LiveProbes) {
    let Ok(permit) = breaker.try_acquire() else {
        return std::thread::yield_now();
    };
    let live = probes.enter(&permit);
    if fastrand::u8(..8) == 0 {
        std::thread::yield_now();
    }
    // Before it is given back: another thread may have it at once.
    drop(live);
    match fastrand::u8(..8) {
        0..3 => permit.success(),
        3..6 => permit.failure(),
        6 => drop(permit),
        _ => {
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _permit = permit;
                resume_unwind(Box::new("the body panics"))
            }));
            assert!(unwound.is_err());
        }
    }
}

/// Redis is well again: the circuit closes.
fn recovers(breaker: &Breaker, permits: u32) {
    let begun = Instant::now();
    while breaker.state() != State::Closed {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "wedged with {permits} permits: {:?}",
            breaker.snapshot()
        );
        if let Ok(permit) = breaker.try_acquire() {
            permit.success();
        }
    }
}
