//! When to try again, and when to keep one's hands off what others have. Pure: time and randomness come in as arguments.

use std::time::Duration;

use redis_resilient_runtime::__seam::backoff_delay;
use redis_resilient_runtime::__seam::clock::Instant;
use redis_resilient_runtime::{Backoff, Jitter};

const PAUSES: Backoff = Backoff::exponential(Duration::from_millis(50))
    .max_delay(Duration::from_secs(1))
    .jitter(Jitter::Equal);

/// The pauses between requests that fail. A server that answers at once with an error does not slow them down, so the time that a read would wait
/// is no pause.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    failures: u32,
    last: Duration,
}

impl Pauses {
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn after_failure(&mut self, random: u32) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.last = backoff_delay(&PAUSES, self.failures, self.last, random);
        self.last
    }
}

/// The last time at which the server was away, or was slow.
///
/// While a server is away, all entries grow old in it. Their consumers may be well and say so as soon as they can; until then nothing is taken over.
#[derive(Debug)]
pub(super) struct Trouble {
    last: Instant,
}

impl Trouble {
    /// Who begins does not know what has been before.
    pub(super) const fn begin(now: Instant) -> Self {
        Self { last: now }
    }

    /// A request that was sent then has ended.
    pub(super) fn ended(&mut self, sent: Instant, now: Instant, failed: bool, expected: Duration) {
        if failed || now.saturating_duration_since(sent) > expected {
            self.last = now;
        }
    }

    pub(super) fn is_over(&self, now: Instant, hold_off: Duration) -> bool {
        now.saturating_duration_since(self.last) >= hold_off
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn errors_that_come_at_once_are_slowed_down() {
        let mut pauses = Pauses::default();
        let most: Vec<_> = (0..7).map(|_| pauses.after_failure(u32::MAX)).collect();
        assert!(most[0] <= MS(50) && most[0] >= MS(25), "{most:?}");
        assert!(most[6] > MS(900), "{most:?}");
        let least = pauses.after_failure(0);
        assert!(least >= MS(500), "{least:?}");
        pauses.succeeded();
        assert!(pauses.after_failure(u32::MAX) <= MS(50));
    }

    #[test]
    fn nothing_is_taken_over_until_trouble_is_over_for_a_while() {
        let begin = Instant::now();
        let mut trouble = Trouble::begin(begin);
        assert!(!trouble.is_over(begin + MS(999), MS(1000)));
        assert!(trouble.is_over(begin + MS(1000), MS(1000)));
        trouble.ended(begin + MS(1000), begin + MS(1100), false, MS(100));
        assert!(trouble.is_over(begin + MS(1100), MS(1000)));
        trouble.ended(begin + MS(1100), begin + MS(1300), false, MS(100));
        assert!(!trouble.is_over(begin + MS(2200), MS(1000)), "it was slow");
        trouble.ended(begin + MS(3000), begin + MS(3001), true, MS(100));
        assert!(!trouble.is_over(begin + MS(4000), MS(1000)), "it failed");
        assert!(trouble.is_over(begin + MS(4001), MS(1000)));
    }
}
