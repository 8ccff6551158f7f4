//! When credentials have to be renewed. Pure: time comes in as an argument.

use std::time::Duration;

use redis_resilient_runtime::__seam::clock::whole_millis;

/// Whatever they are good for, they are not asked for more often than this.
const SHORTEST_MS: u64 = 250;
/// Those that could not be had are asked for again after a tenth of what they are good for, but not later than this.
const LONGEST_PAUSE_MS: u64 = 10_000;

/// When a connection's credentials have to be renewed, and how soon again if that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Renewal {
    at_ms: u64,
    pause_ms: u64,
}

impl Renewal {
    pub(crate) const NEVER: Self = Self {
        at_ms: u64::MAX,
        pause_ms: 0,
    };

    /// Of credentials that are good for so long.
    pub(crate) fn of(time: Duration, asked_ms: u64) -> Self {
        let valid_ms = whole_millis(time);
        let after_ms = (valid_ms - valid_ms / 4).max(SHORTEST_MS);
        Self {
            at_ms: asked_ms.saturating_add(after_ms),
            pause_ms: (valid_ms / 10).clamp(SHORTEST_MS, LONGEST_PAUSE_MS),
        }
    }

    /// It has been tried, in vain.
    pub(crate) const fn failed(self, now_ms: u64) -> Self {
        Self {
            at_ms: now_ms.saturating_add(self.pause_ms),
            ..self
        }
    }

    pub(crate) const fn is_due(self, now_ms: u64) -> bool {
        now_ms >= self.at_ms
    }

    /// How long until then; `None`: it is never.
    pub(crate) const fn due_in(self, now_ms: u64) -> Option<Duration> {
        if self.at_ms == u64::MAX {
            return None;
        }
        Some(Duration::from_millis(self.at_ms.saturating_sub(now_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn they_are_renewed_when_a_quarter_is_left() {
        for (valid, after) in [(S(2), 1_500), (S(900), 675_000), (S(3600), 2_700_000)] {
            let renewal = Renewal::of(valid, 1_000);
            assert!(!renewal.is_due(999 + after));
            assert!(renewal.is_due(1_000 + after));
            assert_eq!(renewal.due_in(1_000), Some(Duration::from_millis(after)));
        }
    }

    #[test]
    fn those_that_cannot_be_had_are_asked_for_again_while_the_old_ones_last() {
        for (valid, pause) in [(S(2), 250), (S(60), 6_000), (S(3600), 10_000)] {
            let renewal = Renewal::of(valid, 0);
            let now_ms = whole_millis(valid) * 3 / 4;
            let again = renewal.failed(now_ms);
            assert_eq!(again.due_in(now_ms), Some(Duration::from_millis(pause)));
            assert!(again.is_due(whole_millis(valid)), "while they last");
            assert_eq!(again.failed(now_ms), again);
        }
    }

    #[test]
    fn none_are_asked_for_all_the_time_or_without_need() {
        for valid in [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_millis(1),
        ] {
            assert!(!Renewal::of(valid, 0).is_due(249), "{valid:?}");
        }
        assert_eq!(Renewal::NEVER.due_in(0), None);
        assert!(!Renewal::NEVER.is_due(u64::MAX - 1));
        assert!(!Renewal::of(Duration::MAX, u64::MAX / 2).is_due(u64::MAX - 1));
    }
}
