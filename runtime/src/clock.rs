//! Time as the breaker and the deadline see it: monotonic, and following `tokio::time::pause`.

use std::sync::OnceLock;
use std::time::Duration;

pub(crate) use tokio::time::Instant;

/// Room below the first reading, so that a paused test clock that started a little earlier still moves forward from there.
const HEAD_START: Duration = Duration::from_secs(86_400);

/// Milliseconds since an origin fixed for the life of the process. Never panics. As monotonic as tokio's clock: one that
/// a test has paused may be behind or ahead of the others.
pub(crate) fn now_ms() -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    #[cfg(all(test, any(rr_loom, rr_shuttle)))]
    if let Some(now_ms) = crate::sync::clock::now_ms() {
        return now_ms;
    }
    let now = Instant::now();
    let origin = *ORIGIN.get_or_init(|| now.checked_sub(HEAD_START).unwrap_or(now));
    whole_millis(now.saturating_duration_since(origin))
}

/// `duration` in milliseconds, saturating.
pub(crate) const fn whole_millis(duration: Duration) -> u64 {
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
