//! The breaker's whole state in one 64-bit word, and its transitions as pure functions. No atomics, no clock, no randomness.
//!
//! ```text
//!  63          46 45                                        2 1   0
//! +--------------+-------------------------------------------+-----+
//! |  generation  |                  payload                  | tag |
//! +--------------+-------------------------------------------+-----+
//! tag 0 closed     failures in a row: 16 | the last one's time in ms: 28 (compared modulo 3.1 days)
//! tag 1 open       streak: 4 | deadline in ms: 40 (34 years)
//! tag 2 half-open  streak: 4 | permits out: 6 | successes: 6 | lease in ms: 28 (compared modulo 3.1 days)
//! tag 3 forced     order: 4 | its end in ms: 40 (all ones: no end)
//! ```
//!
//! The word 0 is closed with nothing on record, the state of a healthy breaker and of a new one. Each change of state starts a
//! new generation. An outcome carries the generation it was admitted in, and one of an older generation changes nothing:
//! a late success cannot close the circuit, a late failure cannot open it again.

use super::settings::Settings;
use crate::class::Settlement;

const TAG_MASK: u64 = 0b11;
const CLOSED: u64 = 0;
const OPEN: u64 = 1;
const HALF_OPEN: u64 = 2;
const FORCED: u64 = 3;

const PAYLOAD_SHIFT: u32 = 2;
const PAYLOAD_MASK: u64 = (1 << 44) - 1;
const GENERATION_SHIFT: u32 = 46;
const GENERATION_MASK: u64 = (1 << 18) - 1;

const FAILURES_SHIFT: u32 = 28;
const FAILURES_MASK: u64 = MAX_FAILURES as u64;
const STREAK_SHIFT: u32 = 40;
const MAX_STREAK: u64 = 15;
const DEADLINE_MASK: u64 = (1 << 40) - 1;
const OUT_SHIFT: u32 = 34;
const SUCCESSES_SHIFT: u32 = 28;
const COUNT_MASK: u64 = 63;
/// Of times that are kept in 28 bits: a lease, and the time of a failure.
const RING_MASK: u64 = (1 << 28) - 1;

/// Most failures that can be waited for.
pub(super) const MAX_FAILURES: u32 = (1 << 16) - 1;
/// Most permits, and most successes to wait for, in half-open.
pub(super) const MAX_PERMITS: u32 = 63;
/// Longest time that may be configured: far enough inside its field for sums to stay there too.
pub(super) const MAX_OPEN_MS: u64 = DEADLINE_MASK / 4;
/// Longest lease of a probe: half of the ring would be ambiguous, a quarter is not.
pub(super) const MAX_LEASE_MS: u64 = RING_MASK / 4;

/// The packed state of a breaker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Word(u64);

/// The state, unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    Closed {
        /// In a row.
        failures: u64,
        /// When the last one was, modulo 2^28.
        failed_ms: u64,
    },
    Open {
        streak: u64,
        deadline_ms: u64,
    },
    HalfOpen(HalfOpen),
    Forced {
        order: Order,
        /// `None`: until the operator says otherwise.
        until_ms: Option<u64>,
    },
}

/// What an operator has ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    Open,
    Closed,
    Disabled,
}

const QUIET: Phase = Phase::Closed {
    failures: 0,
    failed_ms: 0,
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct HalfOpen {
    /// How often in a row the circuit has opened again: the open period grows with it.
    pub(super) streak: u64,
    /// Permits handed out and not yet settled.
    pub(super) out: u64,
    pub(super) successes: u64,
    /// When the newest permit is taken for lost, modulo 2^28.
    pub(super) lease_ms: u64,
}

/// What to answer to a call that wants in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Admission {
    /// Go; the word stays.
    Pass,
    /// Go as a probe, if the word can be changed to this one.
    Probe(Word),
    /// Do not go. Milliseconds until a probe may; 0 while one is under way.
    Reject { retry_after_ms: u64 },
}

/// What an outcome changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    None,
    /// The call was admitted in another life of the breaker.
    Stale,
    To(Word),
}

impl Word {
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(super) const fn is_closed(self) -> bool {
        self.0 & TAG_MASK == CLOSED
    }

    #[inline]
    pub(super) const fn is_half_open(self) -> bool {
        self.0 & TAG_MASK == HALF_OPEN
    }

    /// Closed with nothing on record: a success has nothing to change.
    #[inline]
    pub(super) const fn is_quiet(self) -> bool {
        self.0 & (PAYLOAD_MASK << PAYLOAD_SHIFT | TAG_MASK) == 0
    }

    #[inline]
    pub(super) const fn generation(self) -> u64 {
        self.0 >> GENERATION_SHIFT
    }

    pub(super) const fn phase(self) -> Phase {
        let payload = (self.0 >> PAYLOAD_SHIFT) & PAYLOAD_MASK;
        match self.0 & TAG_MASK {
            OPEN => Phase::Open {
                streak: payload >> STREAK_SHIFT,
                deadline_ms: payload & DEADLINE_MASK,
            },
            HALF_OPEN => Phase::HalfOpen(HalfOpen {
                streak: payload >> STREAK_SHIFT,
                out: (payload >> OUT_SHIFT) & COUNT_MASK,
                successes: (payload >> SUCCESSES_SHIFT) & COUNT_MASK,
                lease_ms: payload & RING_MASK,
            }),
            FORCED => Phase::Forced {
                order: match payload >> STREAK_SHIFT {
                    0 => Order::Open,
                    1 => Order::Closed,
                    _ => Order::Disabled,
                },
                until_ms: match payload & DEADLINE_MASK {
                    DEADLINE_MASK => None,
                    until_ms => Some(until_ms),
                },
            },
            _ => Phase::Closed {
                failures: payload >> FAILURES_SHIFT,
                failed_ms: payload & RING_MASK,
            },
        }
    }

    const fn pack(generation: u64, phase: Phase) -> Self {
        let (tag, payload) = match phase {
            Phase::Closed {
                failures,
                failed_ms,
            } => (
                CLOSED,
                (failures & FAILURES_MASK) << FAILURES_SHIFT | failed_ms & RING_MASK,
            ),
            Phase::Open {
                streak,
                deadline_ms,
            } => (OPEN, streak << STREAK_SHIFT | deadline_ms & DEADLINE_MASK),
            Phase::HalfOpen(half) => (
                HALF_OPEN,
                half.streak << STREAK_SHIFT
                    | half.out << OUT_SHIFT
                    | half.successes << SUCCESSES_SHIFT
                    | half.lease_ms & RING_MASK,
            ),
            Phase::Forced { order, until_ms } => {
                let order = match order {
                    Order::Open => 0,
                    Order::Closed => 1,
                    Order::Disabled => 2,
                };
                let until_ms = match until_ms {
                    Some(until_ms) if until_ms < DEADLINE_MASK => until_ms,
                    _ => DEADLINE_MASK,
                };
                (FORCED, order << STREAK_SHIFT | until_ms)
            }
        };
        Self((generation & GENERATION_MASK) << GENERATION_SHIFT | payload << PAYLOAD_SHIFT | tag)
    }

    /// Closed with nothing on record, in a generation of its own.
    pub(super) const fn reset(self) -> Self {
        Self::pack(self.generation() + 1, QUIET)
    }

    /// By an operator's order, which no outcome changes.
    pub(super) const fn forced(self, order: Order, until_ms: Option<u64>) -> Self {
        Self::pack(self.generation() + 1, Phase::Forced { order, until_ms })
    }

    /// Decides on a call that wants in. `lease_ms` is how long its probe may take before it counts as lost.
    pub(super) fn admit(self, settings: &Settings, now_ms: u64, lease_ms: u64) -> Admission {
        let lease_ms = now_ms.saturating_add(lease_ms.min(MAX_LEASE_MS));
        let first_probe = |streak| {
            let half = HalfOpen {
                streak,
                out: 1,
                successes: 0,
                lease_ms,
            };
            Admission::Probe(Self::pack(self.generation() + 1, Phase::HalfOpen(half)))
        };
        match self.phase() {
            Phase::Closed { .. } => Admission::Pass,
            Phase::Open {
                streak,
                deadline_ms,
            } => {
                if now_ms >= deadline_ms {
                    first_probe(streak)
                } else {
                    Admission::Reject {
                        retry_after_ms: deadline_ms - now_ms,
                    }
                }
            }
            Phase::Forced {
                order: Order::Open,
                until_ms,
            } => match until_ms {
                Some(until_ms) if now_ms >= until_ms => first_probe(0),
                Some(until_ms) => Admission::Reject {
                    retry_after_ms: until_ms - now_ms,
                },
                // Nobody knows; this is how long a circuit that opened by itself may take.
                None => Admission::Reject {
                    retry_after_ms: settings.open_ms(MAX_STREAK, 0),
                },
            },
            Phase::Forced { .. } => Admission::Pass,
            Phase::HalfOpen(half) => {
                // Never more probes than successes are still needed.
                let wanted = settings.success_threshold - half.successes;
                if half.out < settings.half_open_permits.min(wanted) {
                    let half = HalfOpen {
                        out: half.out + 1,
                        lease_ms,
                        ..half
                    };
                    Admission::Probe(Self::pack(self.generation(), Phase::HalfOpen(half)))
                } else if has_passed(half.lease_ms, now_ms) {
                    // The probes are lost or hang. A new generation, so that they can do nothing any more.
                    first_probe(half.streak)
                } else {
                    Admission::Reject { retry_after_ms: 0 }
                }
            }
        }
    }

    /// What the outcome of a call changes that was admitted in `generation`.
    pub(super) fn settle(
        self,
        generation: u64,
        outcome: Settlement,
        settings: &Settings,
        now_ms: u64,
        random: u32,
    ) -> Effect {
        if self.generation() != generation {
            return Effect::Stale;
        }
        let to = |generation, phase| Effect::To(Self::pack(generation, phase));
        let open = |streak| {
            to(
                generation + 1,
                Phase::Open {
                    streak,
                    deadline_ms: now_ms.saturating_add(settings.open_ms(streak, random)),
                },
            )
        };
        match (self.phase(), outcome) {
            // An open breaker admits nobody in its own generation; an operator's order stands.
            (Phase::Open { .. } | Phase::Forced { .. }, _)
            | (Phase::Closed { .. }, Settlement::Neutral)
            | (Phase::Closed { failures: 0, .. }, Settlement::Success) => Effect::None,
            (Phase::Closed { .. }, Settlement::Success) => to(generation, QUIET),
            (
                Phase::Closed {
                    failures,
                    failed_ms,
                },
                Settlement::Failure,
            ) => {
                // One dropped connection fails every call that was in flight on it.
                if failures > 0 && now_ms.wrapping_sub(failed_ms) & RING_MASK < settings.lump_ms {
                    return Effect::None;
                }
                let failures = failures + 1;
                if failures >= settings.failure_threshold {
                    return open(0);
                }
                let failed_ms = now_ms;
                to(
                    generation,
                    Phase::Closed {
                        failures,
                        failed_ms,
                    },
                )
            }
            (Phase::HalfOpen(half), Settlement::Success) => {
                let successes = half.successes + 1;
                if successes >= settings.success_threshold {
                    return to(generation + 1, QUIET);
                }
                let out = half.out.saturating_sub(1);
                to(
                    generation,
                    Phase::HalfOpen(HalfOpen {
                        out,
                        successes,
                        ..half
                    }),
                )
            }
            (Phase::HalfOpen(half), Settlement::Failure) => open((half.streak + 1).min(MAX_STREAK)),
            (Phase::HalfOpen(half), Settlement::Neutral) => {
                let out = half.out.saturating_sub(1);
                to(generation, Phase::HalfOpen(HalfOpen { out, ..half }))
            }
        }
    }
}

/// Whether `time` (modulo 2^28) is not after `now_ms`; right for differences of up to 37 hours.
const fn has_passed(time: u64, now_ms: u64) -> bool {
    let left = time.wrapping_sub(now_ms) & RING_MASK;
    left == 0 || left > RING_MASK / 2
}

#[cfg(test)]
#[path = "word_tests.rs"]
mod tests;
