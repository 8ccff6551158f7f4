//! The numbers of a breaker, already in the units and limits of its state word.

use std::time::Duration;

use super::word::{MAX_LEASE_MS, MAX_OPEN_MS};
use crate::clock::whole_millis;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Settings {
    pub(super) failure_threshold: u64,
    pub(super) success_threshold: u64,
    pub(super) half_open_permits: u64,
    pub(super) reset_timeout_ms: u64,
    pub(super) reset_timeout_max_ms: u64,
    pub(super) probe_lease_ms: u64,
}

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        failure_threshold: 5,
        success_threshold: 1,
        half_open_permits: 1,
        reset_timeout_ms: 1_000,
        reset_timeout_max_ms: 30_000,
        probe_lease_ms: 10_000,
    };

    /// How long the circuit stays open: doubled `streak` times, capped, then spread by ±10 % of itself.
    pub(super) fn open_ms(&self, streak: u64, random: u32) -> u64 {
        let doubled = 1_u64
            .checked_shl(u32::try_from(streak).unwrap_or(u32::MAX))
            .map_or(u64::MAX, |factor| {
                self.reset_timeout_ms.saturating_mul(factor)
            });
        let capped = doubled.min(self.reset_timeout_max_ms);
        // The caps keep this far below 2^64 in the wider type.
        let spread = u128::from(capped / 10) * 2 * u128::from(random) / u128::from(u32::MAX);
        (capped - capped / 10).saturating_add(u64::try_from(spread).unwrap_or(u64::MAX))
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

    #[test]
    fn the_open_period_doubles_up_to_its_cap() {
        let periods: Vec<_> = (0..8)
            .map(|streak| Settings::DEFAULT.open_ms(streak, MIDDLE))
            .collect();
        assert_eq!(
            periods,
            [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]
        );
    }

    #[test]
    fn it_is_spread_by_a_tenth_either_way() {
        assert_eq!(Settings::DEFAULT.open_ms(0, 0), 900);
        assert_eq!(Settings::DEFAULT.open_ms(0, u32::MAX), 1100);
    }

    #[test]
    fn no_streak_overflows_it() {
        for streak in [15, 63, 64, u64::MAX] {
            assert_eq!(Settings::DEFAULT.open_ms(streak, MIDDLE), 30_000);
        }
        let longest = Settings {
            reset_timeout_ms: MAX_OPEN_MS,
            reset_timeout_max_ms: MAX_OPEN_MS,
            ..Settings::DEFAULT
        };
        assert!(longest.open_ms(15, u32::MAX) <= MAX_OPEN_MS + MAX_OPEN_MS / 10);
    }
}
