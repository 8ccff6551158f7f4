//! More threads and longer lives than loom can hold, in random interleavings.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use super::live_probes::LiveProbes;
use super::*;
use crate::sync::clock;

const THREADS: usize = 6;
const CALLS: usize = 8;
const SCHEDULES: usize = 10_000;

/// Longer than any open period and any lease of these tests.
const LONG_MS: u64 = 100_000;

fn one_of(choices: u32) -> u32 {
    thread_rng().gen_range(0..choices)
}

/// What a thread does while time passes and the breaker changes under it.
fn call(breaker: &Breaker, probes: &LiveProbes) {
    let Ok(permit) = breaker.try_acquire() else {
        return clock::advance(one_of(30).into());
    };
    let live = probes.enter(&permit);
    thread::yield_now();
    if one_of(16) == 0 {
        // Lost, and under way for ever.
        std::mem::forget(live);
        return std::mem::forget(permit);
    }
    drop(live);
    match one_of(8) {
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

fn operate(breaker: &Breaker) {
    match one_of(24) {
        0 => breaker.force_open(Duration::from_millis(20)),
        1 => breaker.reset(),
        2 => breaker.observe_only(true),
        3 => breaker.observe_only(false),
        _ => {}
    }
}

fn scenario(permits: u32, successes: u32) {
    clock::start();
    fastrand::seed(7);
    let breaker = Breaker::new("shuttle")
        .failure_threshold(2)
        .burst_window(Duration::ZERO)
        .reset_timeout(Duration::from_millis(10))
        .reset_timeout_max(Duration::from_millis(40))
        .probe_lease(Duration::from_millis(50))
        .half_open_permits(permits)
        .success_threshold(successes);
    let shared = Arc::new((breaker, LiveProbes::at_most(permits)));
    // The model's atomics are made by who first looks, which is to happen before all else.
    let _ = shared.0.snapshot();
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (breaker, probes) = &*shared;
                for _ in 0..CALLS {
                    call(breaker, probes);
                    operate(breaker);
                    assert!(breaker.snapshot().probes <= permits);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    let (breaker, probes) = &*shared;
    let live = match breaker.state() {
        State::HalfOpen => probes.live(breaker.word().generation()),
        _ => 0,
    };
    assert_eq!(breaker.snapshot().probes, live, "a permit is lost");
    recovers(breaker, successes);
}

/// Redis is well again. A lost probe is waited for once more when another one is let through beside it, and then replaced.
fn recovers(breaker: &Breaker, successes: u32) {
    breaker.observe_only(false);
    for _ in 0..2 * successes {
        clock::advance(LONG_MS);
        breaker.try_acquire().expect("not wedged").success();
    }
    assert_eq!(breaker.state(), State::Closed, "{:?}", breaker.snapshot());
    assert_eq!(breaker.snapshot().failures, 0);
}

const HALF_OPEN: [(u32, u32); 3] = [(1, 1), (2, 2), (3, 5)];

#[test]
fn six_threads_at_random() {
    for (permits, successes) in HALF_OPEN {
        shuttle::check_random(move || scenario(permits, successes), SCHEDULES);
    }
}

/// Few preemptions, at places that random schedules find less often.
#[test]
fn six_threads_by_priorities() {
    for (permits, successes) in HALF_OPEN {
        shuttle::check_pct(move || scenario(permits, successes), SCHEDULES, 3);
    }
}
