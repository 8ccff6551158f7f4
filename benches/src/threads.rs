//! Threads that use one breaker.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::{bodies, ours, peers};

/// Calls that two threads make at once on the same breaker.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// What is called.
    pub name: &'static str,
    /// Makes so many calls on this thread.
    pub run: fn(u64),
}

/// What is tried on one thread and on two.
#[must_use]
pub fn shared_by_threads() -> Vec<Shared> {
    let shared = |name, run| Shared { name, run };
    vec![
        shared("bare call", |calls| {
            bodies::repeat(calls, bodies::answer);
        }),
        shared("#[redis_resilient], sync", ours::sync),
        shared("#[redis_resilient], async", ours::ready),
        shared("try_acquire().success()", ours::breaker_alone),
        shared("failure_rate, sync", ours::failure_rate),
        shared("failure_rate_of_calls, sync", ours::failure_rate_of_calls),
        shared("failure_rate_of_time, sync", ours::failure_rate_of_time),
        shared("recloser, sync", peers::recloser_sync),
        shared("recloser, async", peers::recloser_ready),
        shared("failsafe, sync", peers::failsafe_sync),
        shared("failsafe, async", peers::failsafe_ready),
    ]
}

/// When each of `N` threads began and ended that all made so many calls, each on a core of its own where there are as many.
///
/// # Panics
/// Where a scenario does.
#[must_use]
pub fn together<const N: usize>(run: fn(u64), calls: u64) -> [(Instant, Instant); N] {
    let waiting = AtomicUsize::new(N);
    let work = |core: usize| {
        pin_to(core);
        // Caches, and what is made on each thread's first call.
        run(64);
        waiting.fetch_sub(1, Ordering::AcqRel);
        while waiting.load(Ordering::Acquire) > 0 {
            std::hint::spin_loop();
        }
        let start = Instant::now();
        run(calls);
        (start, Instant::now())
    };
    std::thread::scope(|scope| {
        let threads = std::array::from_fn::<_, N, _>(|core| scope.spawn(move || work(core)));
        threads.map(|thread| thread.join().expect("no scenario panics"))
    })
}

#[cfg(target_os = "linux")]
fn pin_to(core: usize) {
    let mut cores = rustix::thread::CpuSet::new();
    cores.set(core);
    // Without it, where it is not allowed or there is one core only, the figures are only less steady.
    let _ = rustix::thread::sched_setaffinity(None, &cores);
}

#[cfg(not(target_os = "linux"))]
fn pin_to(_: usize) {}
