//! The numbers of a breaker, already in the units and limits of its state word.

use std::time::Duration;

use super::trip::Trip;
use super::word::{MAX_LEASE_MS, MAX_OPEN_MS};
use crate::clock::whole_millis;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Settings {
    pub(super) trip: Trip,
    pub(super) lump_ms: u64,
    /// So many successes of so many probes close a half-open circuit.
    pub(super) success_threshold: u64,
    pub(super) probes: u64,
    pub(super) half_open_permits: u64,
    /// What was set; the other one gives way where only one is.
    pub(super) reset_timeout_ms: Option<u64>,
    pub(super) reset_timeout_max_ms: Option<u64>,
    pub(super) probe_lease_ms: u64,
}

const RESET_TIMEOUT_MS: u64 = 1_000;
const RESET_TIMEOUT_MAX_MS: u64 = 30_000;

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        trip: Trip::InARow { failures: 5 },
        lump_ms: 20,
        success_threshold: 1,
        probes: 1,
        half_open_permits: 1,
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
