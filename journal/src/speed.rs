//! In what time a journal will be empty: pure.

use std::time::Duration;

/// How long so many take, if `done` took `elapsed`.
#[allow(clippy::cast_precision_loss, reason = "nobody looks at so many digits")]
pub(crate) fn eta(waiting: u64, done: u64, elapsed: Duration) -> Option<Duration> {
    let per_second = per_second(done, elapsed)?;
    Duration::try_from_secs_f64(waiting as f64 / per_second).ok()
}

/// `None`: nothing is known yet.
#[allow(clippy::cast_precision_loss, reason = "nobody looks at so many digits")]
pub(crate) fn per_second(done: u64, elapsed: Duration) -> Option<f64> {
    let is_known = done > 0 && elapsed >= Duration::from_millis(10);
    is_known.then(|| done as f64 / elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_is_left_takes_as_long_as_what_is_done() {
        assert_eq!(eta(300, 100, ms(2_000)), Some(ms(6_000)));
        assert_eq!(eta(300, 0, ms(2_000)), None);
        assert_eq!(eta(300, 100, ms(0)), None);
        assert_eq!(eta(0, 100, ms(100)), Some(Duration::ZERO));
    }
}
