//! What the machine itself takes for the dearest things that a call may have to do.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bodies::repeat;

pub(crate) fn std_instant(calls: u64) {
    repeat(calls, |n| {
        black_box(std::time::Instant::now());
        Ok::<u64, ()>(n)
    });
}

pub(crate) fn tokio_instant(calls: u64) {
    repeat(calls, |n| {
        black_box(tokio::time::Instant::now());
        Ok::<u64, ()>(n)
    });
}

#[cfg(target_os = "linux")]
pub(crate) fn coarse_clock(calls: u64) {
    use rustix::time::{ClockId, clock_gettime};

    repeat(calls, |n| {
        let now = clock_gettime(ClockId::MonotonicCoarse);
        black_box(now.tv_sec * 1_000 + now.tv_nsec / 1_000_000);
        Ok::<u64, ()>(n)
    });
}

/// In and out of a bulkhead comes to this.
pub(crate) fn two_atomic_updates(calls: u64) {
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    repeat(calls, |n| {
        let entered = INSIDE.fetch_update(Ordering::Acquire, Ordering::Relaxed, |inside| {
            (inside < 64).then_some(inside + 1)
        });
        black_box(entered.is_ok());
        INSIDE.fetch_sub(1, Ordering::Release);
        Ok::<u64, ()>(n)
    });
}
