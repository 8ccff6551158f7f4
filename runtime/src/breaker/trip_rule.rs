//! When a closed circuit opens: the rules, and the history that each keeps in the state word. Pure.
//!
//! Whatever the rule, the history of a healthy circuit is zero, and a success has nothing to add to that: no rule costs anything while
//! nothing fails.
//!
//! ```text
//! in a row      failures: 16 | the last one's time in ms: 28 (modulo 3.1 days)
//! of the last   outcomes, newest lowest, 1 = failure: 24 | the last failure's time in ms: 20 (modulo 17 minutes)
//! rate          window's start in ms: 20 (modulo 17 minutes) | calls: 12 | failures: 12
//! ```
//!
//! Of a time that is longer ago than its low bits can tell, [`Stamp`] has the rest.

use super::stamp::{Stamp, age_ms};

/// Bits that a history has in the state word.
pub(super) const BITS: u32 = 44;

/// Most failures in a row that can be waited for.
pub(super) const MAX_FAILURES: u32 = (1 << 16) - 1;
/// Most calls that can be looked back on one by one.
pub(super) const MAX_CALLS: u32 = 24;
/// Most calls that a rate can wait for: half of what is counted, for counts are halved when they are full.
pub(super) const MAX_MIN_CALLS: u32 = 2_000;
/// Longest window of a rate: half of the ring of times.
pub(super) const MAX_WITHIN_MS: u64 = SHORT_RING / 2;

const LONG_RING: u64 = (1 << 28) - 1;
const SHORT_RING: u64 = (1 << 20) - 1;
const COUNT: u64 = (1 << 12) - 1;

/// When a closed circuit opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TripRule {
    /// After so many failures in a row.
    InARow { failures: u64 },
    /// When so many of the last calls have failed.
    OfLast { failures: u32, calls: u32 },
    /// When this share of the calls has failed, in a window that a failure begins.
    Rate {
        percent: u64,
        min_calls: u64,
        within_ms: u64,
    },
    /// When this share of the last calls has failed.
    RateOfCalls {
        percent: u64,
        min_calls: u64,
        calls: u32,
    },
    /// When this share of the calls has failed, in a window that ends now.
    RateOfTime {
        percent: u64,
        min_calls: u64,
        within_ms: u64,
    },
}

/// The calls in a sliding window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    pub(super) calls: u64,
    pub(super) failures: u64,
    /// Those that took too long, whatever came of them.
    pub(super) slow: u64,
}

/// What a sliding window remembers of one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sample {
    pub(super) failed: bool,
    pub(super) slow: bool,
}

impl Sample {
    /// Whether it counts towards opening the circuit.
    pub(super) const fn is_bad(self) -> bool {
        self.failed || self.slow
    }
}

/// When calls that are answered too late open the circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slow {
    pub(super) percent: u64,
    pub(super) from_ms: u64,
}

impl TripRule {
    /// The history of a circuit that has just been closed.
    pub(super) const fn start(self) -> History {
        match self {
            Self::RateOfCalls { .. } | Self::RateOfTime { .. } => History::KEPT_ELSEWHERE,
            _ => History::CLEAN,
        }
    }

    /// Whether it looks at a window that slides.
    pub(super) const fn slides(self) -> bool {
        matches!(self, Self::RateOfCalls { .. } | Self::RateOfTime { .. })
    }

    /// Whether a sliding window with these calls opens the circuit.
    pub(super) const fn opens_at(self, tally: Tally, slow: Option<Slow>) -> bool {
        let (Self::RateOfCalls {
            percent, min_calls, ..
        }
        | Self::RateOfTime {
            percent, min_calls, ..
        }) = self
        else {
            return false;
        };
        tally.calls >= min_calls
            && (is_share(tally.failures, tally.calls, percent)
                || match slow {
                    Some(slow) => is_share(tally.slow, tally.calls, slow.percent),
                    None => false,
                })
    }

    /// How many calls a rate waits for; `None` for the rules without one.
    pub(super) const fn min_calls(self) -> Option<u64> {
        match self {
            Self::Rate { min_calls, .. }
            | Self::RateOfCalls { min_calls, .. }
            | Self::RateOfTime { min_calls, .. } => Some(min_calls),
            Self::InARow { .. } | Self::OfLast { .. } => None,
        }
    }
}

const fn is_share(part: u64, of: u64, percent: u64) -> bool {
    part * 100 >= of * percent
}

/// What is remembered of the calls of a closed circuit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct History(u64);

/// What one more outcome leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    Same,
    Remember(History),
    Open,
}

impl History {
    pub(super) const CLEAN: Self = Self(0);
    /// In a sliding window. Not zero, so that successes are counted too.
    pub(super) const KEPT_ELSEWHERE: Self = Self(1);

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// The time in it, of which it has the low bits.
    pub(super) const fn stamp(self, trip: TripRule) -> Option<Stamp> {
        match trip {
            _ if self.0 == 0 => None,
            TripRule::InARow { .. } => Some(Stamp::past(self.0 & LONG_RING, LONG_RING)),
            TripRule::OfLast { .. } => Some(Stamp::past(self.0 & SHORT_RING, SHORT_RING)),
            TripRule::Rate { .. } => Some(Stamp::past(self.0 >> 24, SHORT_RING)),
            TripRule::RateOfCalls { .. } | TripRule::RateOfTime { .. } => None,
        }
    }

    /// The same, when its time is longer ago than low bits can tell: a window is over, and no failure is part of the last one.
    pub(super) const fn outdated(self, trip: TripRule, now_ms: u64) -> Self {
        let Some(stamp) = self.stamp(trip) else {
            return self;
        };
        let long_ago = stamp.long_ago(now_ms);
        match trip {
            TripRule::InARow { .. } => Self(self.0 & !LONG_RING | long_ago),
            TripRule::OfLast { .. } => Self(self.0 & !SHORT_RING | long_ago),
            TripRule::Rate { .. } => Self::CLEAN,
            TripRule::RateOfCalls { .. } | TripRule::RateOfTime { .. } => self,
        }
    }

    /// One more call. Failures within `burst_window_ms` of the last one that was counted are that one; a rate, which has its number of calls to
    /// wait for, counts each.
    pub(super) fn after(
        self,
        failed: bool,
        trip: TripRule,
        burst_window_ms: u64,
        now_ms: u64,
    ) -> Next {
        match trip {
            TripRule::InARow { failures } => {
                self.in_a_row(failed, failures, burst_window_ms, now_ms)
            }
            TripRule::OfLast { failures, calls } => {
                self.of_last(failed, failures, calls, burst_window_ms, now_ms)
            }
            TripRule::Rate {
                percent,
                min_calls,
                within_ms,
            } => self.rate(failed, percent, min_calls, within_ms, now_ms),
            TripRule::RateOfCalls { .. } | TripRule::RateOfTime { .. } => Next::Same,
        }
    }

    /// What counts at this time, as far as it is kept here. Without a window the calls are those that failed.
    pub(super) const fn tally(self, trip: TripRule, now_ms: u64) -> Tally {
        let (calls, failures) = match trip {
            TripRule::InARow { .. } => (self.0 >> 28, self.0 >> 28),
            TripRule::OfLast { .. } => {
                let failures = (self.0 >> 20).count_ones() as u64;
                (failures, failures)
            }
            TripRule::Rate { within_ms, .. } => {
                if age_ms(self.0 >> 24, SHORT_RING, now_ms) < within_ms {
                    ((self.0 >> 12) & COUNT, self.0 & COUNT)
                } else {
                    (0, 0)
                }
            }
            TripRule::RateOfCalls { .. } | TripRule::RateOfTime { .. } => (0, 0),
        };
        Tally {
            calls,
            failures,
            slow: 0,
        }
    }

    fn in_a_row(self, failed: bool, threshold: u64, burst_window_ms: u64, now_ms: u64) -> Next {
        let (failures, last_ms) = (self.0 >> 28, self.0 & LONG_RING);
        if !failed {
            return self.remember(0);
        }
        // One dropped connection fails every call that was in flight on it.
        if failures > 0 && age_ms(last_ms, LONG_RING, now_ms) < burst_window_ms {
            return Next::Same;
        }
        if failures + 1 >= threshold {
            return Next::Open;
        }
        self.remember((failures + 1) << 28 | now_ms & LONG_RING)
    }

    fn of_last(
        self,
        failed: bool,
        threshold: u32,
        calls: u32,
        burst_window_ms: u64,
        now_ms: u64,
    ) -> Next {
        let (outcomes, last_ms) = (self.0 >> 20, self.0 & SHORT_RING);
        if failed && outcomes > 0 && age_ms(last_ms, SHORT_RING, now_ms) < burst_window_ms {
            return Next::Same;
        }
        let outcomes = (outcomes << 1 | u64::from(failed)) & ((1 << calls) - 1);
        if outcomes.count_ones() >= threshold {
            return Next::Open;
        }
        if outcomes == 0 {
            return self.remember(0);
        }
        let last_ms = if failed { now_ms & SHORT_RING } else { last_ms };
        self.remember(outcomes << 20 | last_ms)
    }

    fn rate(self, failed: bool, percent: u64, min_calls: u64, within_ms: u64, now_ms: u64) -> Next {
        let (mut start_ms, mut calls, mut failures) =
            (self.0 >> 24, (self.0 >> 12) & COUNT, self.0 & COUNT);
        let is_over = calls == 0 || age_ms(start_ms, SHORT_RING, now_ms) >= within_ms;
        if is_over {
            if !failed {
                return self.remember(0);
            }
            (start_ms, calls, failures) = (now_ms & SHORT_RING, 0, 0);
        }
        if calls == COUNT {
            // The share stays what it was.
            (calls, failures) = (calls / 2, failures / 2);
        }
        calls += 1;
        failures += u64::from(failed);
        if calls >= min_calls && is_share(failures, calls, percent) {
            return Next::Open;
        }
        self.remember(start_ms << 24 | calls << 12 | failures)
    }

    fn remember(self, bits: u64) -> Next {
        if bits == self.0 {
            Next::Same
        } else {
            Next::Remember(Self(bits))
        }
    }
}

#[cfg(test)]
#[path = "trip_rule_tests.rs"]
mod tests;
