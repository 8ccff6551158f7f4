//! A connect that failed, and when the next may be tried: none too soon. Pure: time and randomness come in as arguments.

use std::time::Duration;

use redis::{ErrorKind, RedisError};

/// After the first failure there is no connect for this long; after each further one for twice as long, up to the longest.
const FIRST_REST_MS: u64 = 25;
const LONGEST_REST_MS: u64 = 250;

/// The last attempt to connect, which failed.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    error: RedisError,
    times: u32,
    until_ms: u64,
}

/// What a connect that has panicked fails with: without it, the next caller would be the next to panic, and so on without end.
pub(crate) fn panicked() -> RedisError {
    let what = "connecting has panicked";
    RedisError::from((ErrorKind::InvalidClientConfig, what))
}

impl Failed {
    /// After the one before, if that failed too.
    pub(crate) fn after(before: Option<&Self>, error: RedisError, now_ms: u64) -> Self {
        let times = before.map_or(0, |before| before.times);
        Self {
            error,
            times: times.saturating_add(1),
            until_ms: now_ms.saturating_add(rest_ms(times, fastrand::u32(..))),
        }
    }

    pub(crate) const fn rests_until(&mut self, then_ms: u64) {
        self.until_ms = then_ms;
    }

    /// How long to rest still.
    pub(crate) fn left(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.until_ms.saturating_sub(now_ms))
    }

    /// For those who have waited for it.
    pub(crate) fn error(&self) -> RedisError {
        self.error.clone()
    }

    /// What whoever wants a connection now is told; `None`: it is time to try again.
    pub(crate) fn rest(&self, now_ms: u64) -> Option<RedisError> {
        (now_ms < self.until_ms).then(|| self.error())
    }
}

/// How long to rest after the failure that follows on so many: spread over its upper half, so that processes do not march in step.
pub(crate) fn rest_ms(times: u32, random: u32) -> u64 {
    let rest = FIRST_REST_MS
        .saturating_mul(1 << times.min(10))
        .min(LONGEST_REST_MS);
    let half = rest / 2;
    rest - half + half * u64::from(random) / u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_up_to_the_longest_and_are_spread() {
        let rests = |random| {
            (0..6)
                .map(|times| rest_ms(times, random))
                .collect::<Vec<_>>()
        };
        assert_eq!(rests(u32::MAX), [25, 50, 100, 200, 250, 250]);
        assert_eq!(rests(0), [13, 25, 50, 100, 125, 125]);
        assert_eq!(rest_ms(u32::MAX, u32::MAX), 250);
    }

    #[test]
    fn all_are_told_until_it_is_time_to_try_again() {
        let error =
            || RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        let first = Failed::after(None, error(), 1000);
        assert!(first.rest(1012).is_some());
        assert!(first.rest(1025).is_none());
        let second = Failed::after(Some(&first), error(), 2000);
        assert!(second.rest(2024).is_some());
        assert!(second.rest(2050).is_none());
    }
}
