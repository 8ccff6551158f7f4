//! Time as the breaker and the deadline see it: monotonic, and following `tokio::time::pause`, or a clock set by hand, where tests want that.
//!
//! A deadline is measured with tokio's clock. The breaker counts milliseconds, and while its circuit is open it does so at each call:
//! where no test can notice, it reads a clock that costs a fraction and moves on a few milliseconds at a time.

#[cfg(any(test, feature = "test-util"))]
pub(crate) mod manual;

use std::time::Duration;

pub use tokio::time::Instant;

pub use source::now_ms;

/// The present, for a call whose deadline begins to run.
#[inline]
pub fn now() -> Instant {
    #[cfg(any(test, feature = "test-util"))]
    if let Some(now) = manual::now() {
        return now;
    }
    Instant::now()
}

/// Blocks the thread.
pub fn sleep(pause: Duration) {
    #[cfg(any(test, feature = "test-util"))]
    if manual::sleeps(pause) {
        return;
    }
    std::thread::sleep(pause);
}

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(any(test, debug_assertions, feature = "test-util")),
))]
mod source {
    use rustix::time::{ClockId, clock_gettime};

    /// Milliseconds since the machine was started. Never panics.
    #[inline]
    pub fn now_ms() -> u64 {
        let now = clock_gettime(ClockId::MonotonicCoarse);
        // Neither is ever negative.
        now.tv_sec.unsigned_abs() * 1_000 + now.tv_nsec.unsigned_abs() / 1_000_000
    }
}

#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    not(any(test, debug_assertions, feature = "test-util")),
)))]
mod source {
    use std::sync::OnceLock;
    use std::time::Duration;

    use super::{Instant, whole_millis};

    /// Room below the first reading, so that a paused test clock that started a little earlier still moves forward from there.
    const HEAD_START: Duration = Duration::from_secs(86_400);

    /// Milliseconds since an origin fixed for the life of the process. Never panics. As monotonic as tokio's clock: one that
    /// a test has paused may be behind or ahead of the others.
    pub fn now_ms() -> u64 {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        #[cfg(all(test, any(rr_loom, rr_shuttle)))]
        if let Some(now_ms) = crate::sync::clock::now_ms() {
            return now_ms;
        }
        let now = super::now();
        let origin = *ORIGIN.get_or_init(|| now.checked_sub(HEAD_START).unwrap_or(now));
        whole_millis(now.saturating_duration_since(origin))
    }
}

/// `duration` in milliseconds, saturating.
pub const fn whole_millis(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(duration.subsec_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follows_tokio_s_paused_clock_to_the_millisecond() {
        let before = now_ms();
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(now_ms() - before, 999);
    }

    #[test]
    fn long_durations_saturate() {
        assert_eq!(whole_millis(Duration::MAX), u64::MAX);
    }
}
