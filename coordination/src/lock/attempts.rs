//! Whether a request is sent again, and after which pause. Pure: time and randomness come in as arguments.

use std::time::Duration;

use redis::RedisResult;

use redis_resilient_runtime::__seam::clock::Instant;
use redis_resilient_runtime::__seam::{backoff_delay, is_retried};
use redis_resilient_runtime::{Backoff, Class, Jitter};

/// Half of it at least, so that those who wait do not ask all the time; soon enough for a lock that is held for a moment.
const PAUSES: Backoff = Backoff::exponential(Duration::from_millis(5))
    .max_delay(Duration::from_millis(100))
    .jitter(Jitter::Equal);

/// The most for a request that does not wait for anything: as many as outlast the pauses that a connector makes after its first failures.
const FEW: u32 = 5;

/// The attempts of one request, all with the same token.
#[derive(Debug)]
pub(super) struct Attempts {
    made: u32,
    most: u32,
    until: Option<Instant>,
    /// While somebody else holds the lock, too.
    waits: bool,
    pause: Duration,
    /// Whether one of them may have been executed whose reply is unknown.
    unsettled: bool,
}

impl Attempts {
    /// As many as it takes, until then.
    pub(super) const fn until(end: Option<Instant>) -> Self {
        Self {
            made: 0,
            most: u32::MAX,
            until: end,
            waits: false,
            pause: Duration::ZERO,
            unsettled: false,
        }
    }

    /// The same, also while somebody else holds the lock.
    pub(super) const fn waiting_until(end: Option<Instant>) -> Self {
        Self {
            waits: true,
            ..Self::until(end)
        }
    }

    /// A few, against a failure that is over at once.
    pub(super) const fn few() -> Self {
        Self {
            most: FEW,
            ..Self::until(None)
        }
    }

    pub(super) const fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    /// How long to pause after an attempt that ended like this, before the next; `None`: that was the last.
    pub(super) fn pause_after<T>(
        &mut self,
        outcome: &RedisResult<Option<T>>,
        now: Instant,
        random: u32,
    ) -> Option<Duration> {
        self.made = self.made.saturating_add(1);
        let goes_on = match outcome {
            Ok(Some(_)) => false,
            Ok(None) => self.waits,
            Err(error) => {
                let class = Class::of(error);
                self.unsettled |= class == Class::Ambiguous;
                is_retried(class, None)
            }
        };
        let left = match self.until {
            Some(until) => until.saturating_duration_since(now),
            None => Duration::MAX,
        };
        if !goes_on || self.made >= self.most || left.is_zero() {
            return None;
        }
        self.pause = backoff_delay(&PAUSES, self.made, self.pause, random);
        Some(self.pause.min(left))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use redis::{ErrorKind, RedisError};

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;
    const GRANTED: RedisResult<Option<u64>> = Ok(Some(1));
    const HELD: RedisResult<Option<u64>> = Ok(None);

    fn io(kind: io::ErrorKind) -> RedisResult<Option<u64>> {
        Err(RedisError::from(io::Error::from(kind)))
    }

    fn pauses(mut attempts: Attempts, outcome: &RedisResult<Option<u64>>) -> Vec<Duration> {
        let now = Instant::now();
        let pause = || attempts.pause_after(outcome, now, u32::MAX);
        std::iter::from_fn(pause).take(7).collect()
    }

    #[test]
    fn an_answer_is_the_last_unless_it_waits_for_the_holder() {
        let end = Some(Instant::now() + MS(10_000));
        for attempts in [Attempts::few(), Attempts::until(end)] {
            assert_eq!(pauses(attempts, &HELD), []);
        }
        for attempts in [Attempts::few(), Attempts::waiting_until(end)] {
            assert_eq!(pauses(attempts, &GRANTED), []);
        }
        let waiting = pauses(Attempts::waiting_until(None), &HELD);
        assert_eq!(waiting, [5, 10, 20, 40, 80, 100, 100].map(MS));
    }

    #[test]
    fn a_failure_that_may_pass_is_tried_again_a_few_times_or_until_the_end() {
        let reset = io(io::ErrorKind::ConnectionReset);
        let wrong = Err(RedisError::from((
            ErrorKind::AuthenticationFailed,
            "wrong password",
        )));
        assert_eq!(pauses(Attempts::few(), &reset), [5, 10, 20, 40].map(MS));
        assert_eq!(pauses(Attempts::until(None), &reset).len(), 7);
        assert_eq!(pauses(Attempts::until(None), &wrong), []);
    }

    #[test]
    fn no_pause_goes_beyond_the_end() {
        let now = Instant::now();
        let mut attempts = Attempts::waiting_until(Some(now + MS(7)));
        let mut after = |ms| attempts.pause_after(&HELD, now + MS(ms), u32::MAX);
        assert_eq!(after(0), Some(MS(5)));
        assert_eq!(after(5), Some(MS(2)));
        assert_eq!(after(7), None);
        assert_eq!(after(100), None);
    }

    #[test]
    fn it_knows_whether_one_may_have_been_executed() {
        let now = Instant::now();
        let mut attempts = Attempts::few();
        let refused = io(io::ErrorKind::ConnectionRefused);
        assert!(attempts.pause_after(&refused, now, 0).is_some());
        assert!(!attempts.is_unsettled());
        let reset = io(io::ErrorKind::ConnectionReset);
        assert!(attempts.pause_after(&reset, now, 0).is_some());
        assert!(attempts.is_unsettled());
    }
}
