//! The numbers of a breaker, already in the units and limits of its state word.

use std::time::Duration;

use super::packed_state::{MAX_LEASE_MS, MAX_OPEN_MS};
use super::trip_rule::{Slow, TripRule};
use crate::clock::whole_millis;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Settings {
    pub(super) trip: TripRule,
    pub(super) slow: Option<Slow>,
    pub(super) burst_window_ms: u64,
    /// Whether a call counts once, by its last attempt, and not each attempt.
    pub(super) counts_calls: bool,
    pub(super) verdict: Verdict,
    pub(super) half_open_permits: u64,
    /// How long a probe may take before it is cut off, where that is shorter than what its call allows.
    pub(super) half_open_timeout: Option<Duration>,
    /// What was set; the other one gives way where only one is.
    pub(super) reset_timeout_ms: Option<u64>,
    pub(super) reset_timeout_max_ms: Option<u64>,
    pub(super) probe_lease_ms: u64,
}

/// What ends the half-open state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Verdict {
    /// So many probes are made at most. When all are back and have not opened the circuit, it closes. `u64::MAX`: no number is set.
    pub(super) probes: u64,
    /// So many that succeed close it at once.
    pub(super) successes: u64,
    /// So many that fail open it at once.
    pub(super) failures: u64,
}

impl Verdict {
    /// `successes` are needed, however many probes are under way, and no failure.
    pub(super) const fn successes(successes: u64) -> Self {
        Self {
            probes: u64::MAX,
            successes,
            failures: 1,
        }
    }

    /// `successes` of `probes` are needed, so that it is open again when so many no longer can be.
    pub(super) const fn of(successes: u64, probes: u64) -> Self {
        Self {
            probes,
            successes,
            failures: probes - successes + 1,
        }
    }

    /// All `probes` are waited for, and open it when `percent` of them fail.
    pub(super) const fn rate(percent: u64, probes: u64) -> Self {
        Self {
            probes,
            successes: probes,
            failures: (probes * percent).div_ceil(100),
        }
    }
}

const RESET_TIMEOUT_MS: u64 = 1_000;
const RESET_TIMEOUT_MAX_MS: u64 = 30_000;

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        trip: TripRule::InARow { failures: 5 },
        slow: None,
        burst_window_ms: 20,
        counts_calls: false,
        verdict: Verdict::successes(1),
        half_open_permits: 1,
        half_open_timeout: None,
        reset_timeout_ms: None,
        reset_timeout_max_ms: None,
        probe_lease_ms: 10_000,
    };

    /// Whether both ends of the open period were set, and the wrong way round.
    pub(super) const fn periods_are_reversed(&self) -> bool {
        match (self.reset_timeout_ms, self.reset_timeout_max_ms) {
            (Some(first), Some(max)) => max < first,
            _ => false,
        }
    }

    /// How long the circuit stays open: doubled `streak` times, capped, then spread by ±10 % of itself.
    pub(super) fn open_ms(&self, streak: u64, random: u32) -> u64 {
        let (first, max) = match (self.reset_timeout_ms, self.reset_timeout_max_ms) {
            (Some(first), Some(max)) => (first, max),
            (Some(first), None) => (first, RESET_TIMEOUT_MAX_MS.max(first)),
            (None, Some(max)) => (RESET_TIMEOUT_MS.min(max), max),
            (None, None) => (RESET_TIMEOUT_MS, RESET_TIMEOUT_MAX_MS),
        };
        let factor = u32::try_from(streak)
            .ok()
            .and_then(|by| 1_u64.checked_shl(by));
        let capped = factor.map_or(max, |factor| first.saturating_mul(factor).min(max));
        let tenth = capped / 10;
        // The caps keep this far below 2^64 in the wider type.
        let spread = u128::from(tenth) * 2 * u128::from(random) / u128::from(u32::MAX);
        (capped - tenth).saturating_add(u64::try_from(spread).unwrap_or(u64::MAX))
    }
}

/// `duration` in milliseconds, at least 1 and at most `max`.
const fn millis_within(duration: Duration, max: u64) -> u64 {
    let millis = whole_millis(duration);
    if millis == 0 {
        1
    } else if millis > max {
        max
    } else {
        millis
    }
}

pub(super) const fn open_millis(duration: Duration) -> u64 {
    millis_within(duration, MAX_OPEN_MS)
}

pub(super) const fn lease_millis(duration: Duration) -> u64 {
    millis_within(duration, MAX_LEASE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: u32 = u32::MAX / 2 + 1;

    fn periods(settings: Settings) -> Vec<u64> {
        (0..7)
            .map(|streak| settings.open_ms(streak, MIDDLE))
            .collect()
    }

    #[test]
    fn the_open_period_doubles_up_to_its_cap() {
        let default = Settings::DEFAULT;
        assert_eq!(
            periods(default),
            [1000, 2000, 4000, 8000, 16000, 30000, 30000]
        );
        let first = Settings {
            reset_timeout_ms: Some(60_000),
            ..default
        };
        assert_eq!(periods(first), [60_000; 7]);
        let max = Settings {
            reset_timeout_max_ms: Some(500),
            ..default
        };
        assert_eq!(periods(max), [500; 7]);
        let both = Settings {
            reset_timeout_ms: Some(300),
            ..max
        };
        assert_eq!(periods(both), [300, 500, 500, 500, 500, 500, 500]);
    }

    #[test]
    fn a_verdict_by_rate_opens_where_the_share_is_reached() {
        for (percent, probes, failures) in [
            (50, 4, 2),
            (50, 5, 3),
            (1, 63, 1),
            (100, 63, 63),
            (34, 3, 2),
            (33, 3, 1),
        ] {
            let verdict = Verdict::rate(percent, probes);
            assert_eq!(verdict.failures, failures, "{percent} % of {probes}");
            assert_eq!((verdict.successes, verdict.probes), (probes, probes));
        }
    }

    #[test]
    fn it_is_spread_by_a_tenth_either_way() {
        assert_eq!(Settings::DEFAULT.open_ms(0, 0), 900);
        assert_eq!(Settings::DEFAULT.open_ms(0, u32::MAX), 1100);
    }

    #[test]
    fn times_are_kept_within_what_the_state_word_has_room_for() {
        assert_eq!(lease_millis(Duration::from_nanos(1)), 1);
        assert_eq!(lease_millis(Duration::from_millis(7)), 7);
        assert_eq!(lease_millis(Duration::MAX), MAX_LEASE_MS);
        assert_eq!(open_millis(Duration::MAX), MAX_OPEN_MS);
    }

    #[test]
    fn no_streak_overflows_it() {
        for streak in [15, 63, 64, u64::MAX] {
            assert_eq!(Settings::DEFAULT.open_ms(streak, MIDDLE), 30_000);
        }
        let longest = Settings {
            reset_timeout_ms: Some(MAX_OPEN_MS),
            reset_timeout_max_ms: Some(MAX_OPEN_MS),
            ..Settings::DEFAULT
        };
        assert!(longest.open_ms(15, u32::MAX) <= MAX_OPEN_MS + MAX_OPEN_MS / 10);
    }
}
