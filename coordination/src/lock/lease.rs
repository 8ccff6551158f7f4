//! Until when a lock is surely held. Pure: the time comes in as an argument.

use std::time::Duration;

use redis_resilient_runtime::__seam::clock::Instant;

/// Until when a lock is surely held, by the local clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    /// `None`: not any more.
    until: Option<Instant>,
}

impl Lease {
    pub(super) const OVER: Self = Self { until: None };

    /// One of this length, granted by a request that was sent then: the server's began later.
    pub(super) fn granted(sent: Instant, length: Duration) -> Self {
        Self {
            until: sent.checked_add(length.saturating_sub(allowance(length))),
        }
    }

    pub(super) const fn until(self) -> Option<Instant> {
        self.until
    }

    pub(super) fn remaining(self, now: Instant) -> Duration {
        self.until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    pub(super) fn is_held(self, now: Instant) -> bool {
        !self.remaining(now).is_zero()
    }

    /// After the server has answered to a request to extend it. One that was over by then stays so: its owner may have been told.
    pub(super) fn extended(self, granted: Option<Self>, now: Instant) -> Self {
        match granted {
            Some(granted) if self.is_held(now) && granted != Self::OVER => Self {
                until: self.until.max(granted.until),
            },
            _ => Self::OVER,
        }
    }
}

/// What the clocks of client and server may differ by in this time, and Redis's milliseconds: 1 % and 2 ms, after
/// [Redis's description of its locks](https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/).
fn allowance(length: Duration) -> Duration {
    length / 100 + Duration::from_millis(2)
}

#[cfg(test)]
mod tests {
    use super::super::{LONGEST_MS, SHORTEST_MS};
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn it_is_held_for_its_length_less_what_clocks_may_differ_by() {
        let sent = Instant::now();
        let lease = Lease::granted(sent, MS(1000));
        assert_eq!(lease.remaining(sent), MS(988));
        assert_eq!(lease.remaining(sent + MS(900)), MS(88));
        assert!(lease.is_held(sent + MS(987)));
        assert!(!lease.is_held(sent + MS(988)));
        assert_eq!(lease.remaining(sent + MS(5000)), MS(0));
        assert!(!Lease::OVER.is_held(sent));
    }

    #[test]
    fn the_shortest_is_held_for_a_while_and_the_longest_does_not_overflow() {
        let sent = Instant::now();
        for ms in [SHORTEST_MS, LONGEST_MS] {
            assert!(Lease::granted(sent, MS(ms)).is_held(sent));
        }
        assert_eq!(Lease::granted(sent, Duration::MAX), Lease::OVER);
    }

    #[test]
    fn it_is_extended_from_when_the_request_was_sent() {
        let sent = Instant::now();
        let lease = Lease::granted(sent, MS(1000));
        let later = Lease::granted(sent + MS(500), MS(1000));
        let extended = lease.extended(Some(later), sent + MS(600));
        assert_eq!(extended.remaining(sent + MS(600)), MS(888));
        let earlier = later.extended(Some(lease), sent + MS(600));
        assert_eq!(earlier, later, "an old reply takes nothing away");
    }

    #[test]
    fn one_that_is_over_or_another_s_stays_so() {
        let sent = Instant::now();
        let lease = Lease::granted(sent, MS(1000));
        let later = Lease::granted(sent + MS(900), MS(1000));
        assert_eq!(lease.extended(Some(later), sent + MS(988)), Lease::OVER);
        assert_eq!(Lease::OVER.extended(Some(later), sent), Lease::OVER);
        assert_eq!(lease.extended(None, sent), Lease::OVER);
    }
}
