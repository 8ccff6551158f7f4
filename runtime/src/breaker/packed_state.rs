//! The breaker's whole state in one 64-bit word, and its transitions as pure functions. No atomics, no clock, no randomness.
//!
//! ```text
//!  63          46 45                                        2 1   0
//! +--------------+-------------------------------------------+-----+
//! |  generation  |                  payload                  | tag |
//! +--------------+-------------------------------------------+-----+
//! tag 0 closed     history: 44, as the rule by which the circuit opens keeps it
//! tag 1 open       streak: 4 | deadline in ms: 40 (34 years)
//! tag 2 half-open  streak: 4 | permits out: 6 | successes: 6 | failures: 6 | lease in ms: 22 (modulo 70 minutes)
//! tag 3 forced     order: 4 | its end in ms: 40 (all ones: no end)
//! ```
//!
//! The word 0 is closed with nothing on record, the state of a healthy breaker and of a new one. Each change of state starts a
//! new generation. An outcome carries the generation it was admitted in, and one of an older generation changes nothing:
//! a late success cannot close the circuit, a late failure cannot open it again.
//!
//! Where there is room for the low bits of a time only, [`Stamp`] says how the rest is known.

use super::settings::Settings;
use super::stamp::{SKEW_MS, Stamp};
use super::trip_rule::{self, History, Next, TripRule};
use crate::class::Outcome;

const TAG_MASK: u64 = 0b11;
const CLOSED: u64 = 0;
const OPEN: u64 = 1;
const HALF_OPEN: u64 = 2;
const FORCED: u64 = 3;

const PAYLOAD_SHIFT: u32 = 2;
const PAYLOAD_MASK: u64 = (1 << trip_rule::BITS) - 1;
pub(super) const GENERATION_SHIFT: u32 = 46;
const GENERATION_MASK: u64 = (1 << 18) - 1;

const STREAK_SHIFT: u32 = 40;
const MAX_STREAK: u64 = 15;
const DEADLINE_MASK: u64 = (1 << 40) - 1;
const OUT_SHIFT: u32 = 34;
const SUCCESSES_SHIFT: u32 = 28;
const FAILURES_SHIFT: u32 = 22;
const COUNT_MASK: u64 = 63;
const LEASE_MASK: u64 = (1 << 22) - 1;

/// Most permits, and most successes to wait for, in half-open.
pub(super) const MAX_PERMITS: u32 = 63;
/// Longest time that may be configured: far enough inside its field for sums to stay there too.
pub(super) const MAX_OPEN_MS: u64 = DEADLINE_MASK / 4;
/// Longest lease of a probe, nearly nine minutes: an eighth of the ring of its times. Whatever looks as if it had longer to run has passed.
pub(super) const MAX_LEASE_MS: u64 = LEASE_MASK / 8;

/// The packed state of a breaker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct PackedState(u64);

/// The state, unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    Closed(History),
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

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct HalfOpen {
    /// How often in a row the circuit has opened again: the open period grows with it.
    pub(super) streak: u64,
    /// Permits handed out and not yet settled.
    pub(super) out: u64,
    pub(super) successes: u64,
    pub(super) failures: u64,
    /// When the newest permit is taken for lost, modulo 2^22.
    pub(super) lease_ms: u64,
}

/// What to answer to a call that wants in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// Go; the word stays.
    Pass,
    /// Go as a probe, if the word can be changed to this one.
    Probe(PackedState),
    /// Do not go. Milliseconds until a probe may; 0 while one is under way.
    Reject { retry_after_ms: u64 },
}

/// What an outcome changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    None,
    /// The call was admitted in another life of the breaker.
    Stale,
    To(PackedState),
}

impl PackedState {
    /// Closed, in the first generation.
    pub(super) const fn new(trip: TripRule) -> Self {
        Self::pack(0, Phase::Closed(trip.start()))
    }

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

    /// Of an open circuit: when a call may probe it.
    #[inline]
    pub(super) const fn opens_up_at(self) -> Option<u64> {
        if self.0 & TAG_MASK == OPEN {
            Some((self.0 >> PAYLOAD_SHIFT) & DEADLINE_MASK)
        } else {
            None
        }
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
                failures: (payload >> FAILURES_SHIFT) & COUNT_MASK,
                lease_ms: payload & LEASE_MASK,
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
            _ => Phase::Closed(History::from_bits(payload)),
        }
    }

    const fn pack(generation: u64, phase: Phase) -> Self {
        let (tag, payload) = match phase {
            Phase::Closed(history) => (CLOSED, history.bits()),
            Phase::Open {
                streak,
                deadline_ms,
            } => (OPEN, streak << STREAK_SHIFT | deadline_ms & DEADLINE_MASK),
            Phase::HalfOpen(half) => (
                HALF_OPEN,
                half.streak << STREAK_SHIFT
                    | half.out << OUT_SHIFT
                    | half.successes << SUCCESSES_SHIFT
                    | half.failures << FAILURES_SHIFT
                    | half.lease_ms & LEASE_MASK,
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

    /// The time in it, of which it has the low bits.
    pub(super) const fn stamp(self, trip: TripRule) -> Option<Stamp> {
        match self.phase() {
            Phase::Closed(history) => history.stamp(trip),
            Phase::HalfOpen(half) => Some(Stamp::ahead(half.lease_ms, LEASE_MASK, MAX_LEASE_MS)),
            Phase::Open { .. } | Phase::Forced { .. } => None,
        }
    }

    /// The word as it is to be read at this time, where `noted_ms` is the whole of the time that was last written to it: what is longer
    /// ago than low bits can tell is over.
    pub(super) fn at(self, settings: &Settings, now_ms: u64, noted_ms: impl Fn() -> u64) -> Self {
        let stamp = self.stamp(settings.trip);
        if !stamp.is_some_and(|stamp| stamp.is_outdated(now_ms, noted_ms())) {
            return self;
        }
        let phase = match self.phase() {
            Phase::Closed(history) => Phase::Closed(history.outdated(settings.trip, now_ms)),
            Phase::HalfOpen(half) => Phase::HalfOpen(HalfOpen {
                lease_ms: now_ms,
                ..half
            }),
            phase => phase,
        };
        Self::pack(self.generation(), phase)
    }

    /// Closed with nothing on record, in a generation of its own.
    pub(super) const fn reset(self, settings: &Settings) -> Self {
        Self::pack(self.generation() + 1, Phase::Closed(settings.trip.start()))
    }

    /// Open, because a sliding window says so; `None` if it is not closed, or not in that generation.
    pub(super) fn tripped(
        self,
        generation: u64,
        settings: &Settings,
        now_ms: u64,
        random: u32,
    ) -> Option<Self> {
        (self.generation() == generation && self.is_closed())
            .then(|| self.opened(0, settings, now_ms, random))
    }

    fn opened(self, streak: u64, settings: &Settings, now_ms: u64, random: u32) -> Self {
        let deadline_ms = now_ms.saturating_add(settings.open_ms(streak, random));
        Self::pack(
            self.generation() + 1,
            Phase::Open {
                streak,
                deadline_ms,
            },
        )
    }

    /// By an operator's order, which no outcome changes.
    pub(super) const fn forced(self, order: Order, until_ms: Option<u64>) -> Self {
        Self::pack(self.generation() + 1, Phase::Forced { order, until_ms })
    }

    /// Decides on a call that wants in. `lease_ms` is how long its probe may take before it counts as lost.
    pub(super) fn admit(self, settings: &Settings, now_ms: u64, lease_ms: u64) -> Answer {
        let lease_ms = now_ms.saturating_add(lease_ms.min(MAX_LEASE_MS));
        let first_probe = |streak| {
            let half = HalfOpen {
                streak,
                out: 1,
                successes: 0,
                failures: 0,
                lease_ms,
            };
            Answer::Probe(Self::pack(self.generation() + 1, Phase::HalfOpen(half)))
        };
        match self.phase() {
            Phase::Closed(_)
            | Phase::Forced {
                order: Order::Closed | Order::Disabled,
                ..
            } => Answer::Pass,
            Phase::Open {
                streak,
                deadline_ms,
            } => {
                if now_ms >= deadline_ms {
                    first_probe(streak)
                } else {
                    Answer::Reject {
                        retry_after_ms: deadline_ms - now_ms,
                    }
                }
            }
            Phase::Forced {
                order: Order::Open,
                until_ms,
            } => match until_ms {
                Some(until_ms) if now_ms >= until_ms => first_probe(0),
                Some(until_ms) => Answer::Reject {
                    retry_after_ms: until_ms - now_ms,
                },
                // Nobody knows; this is how long a circuit that opened by itself may take.
                None => Answer::Reject {
                    retry_after_ms: settings.open_ms(MAX_STREAK, 0),
                },
            },
            Phase::HalfOpen(half) => {
                // Where their number is set, never more probes than outcomes are still needed.
                let back = half.successes + half.failures;
                let wanted = settings.verdict.probes.saturating_sub(back);
                if half.out < settings.half_open_permits.min(wanted) {
                    let half = HalfOpen {
                        out: half.out + 1,
                        lease_ms,
                        ..half
                    };
                    Answer::Probe(Self::pack(self.generation(), Phase::HalfOpen(half)))
                } else if is_over(half.lease_ms, now_ms) {
                    // The probes are lost or hang. A new generation, so that they can do nothing any more.
                    first_probe(half.streak)
                } else {
                    Answer::Reject { retry_after_ms: 0 }
                }
            }
        }
    }

    /// How long calls are refused from now on, in milliseconds; zero where one may go, and while a probe is under way.
    pub(super) fn refuses_for_ms(self, settings: &Settings, now_ms: u64) -> u64 {
        match self.admit(settings, now_ms, 0) {
            Answer::Reject { retry_after_ms } => retry_after_ms,
            Answer::Pass | Answer::Probe(_) => 0,
        }
    }

    /// What the outcome of a call changes that was admitted in `generation`.
    #[expect(
        clippy::inline_always,
        reason = "where the outcome is known, most of it goes away"
    )]
    #[inline(always)]
    pub(super) fn settle(
        self,
        generation: u64,
        outcome: Outcome,
        settings: &Settings,
        now_ms: u64,
        random: u32,
    ) -> Effect {
        if self.generation() != generation {
            return Effect::Stale;
        }
        let to = |generation, phase| Effect::To(Self::pack(generation, phase));
        let open = |streak| Effect::To(self.opened(streak, settings, now_ms, random));
        match (self.phase(), outcome) {
            // An open breaker admits nobody in its own generation; an operator's order stands.
            (Phase::Open { .. } | Phase::Forced { .. }, _)
            | (Phase::Closed(_), Outcome::Neutral) => Effect::None,
            (Phase::Closed(history), outcome) => {
                let failed = outcome == Outcome::Failure;
                match history.after(failed, settings.trip, settings.burst_window_ms, now_ms) {
                    Next::Same => Effect::None,
                    Next::Remember(history) => to(generation, Phase::Closed(history)),
                    Next::Open => open(0),
                }
            }
            (Phase::HalfOpen(half), Outcome::Success) => {
                let successes = half.successes + 1;
                let verdict = settings.verdict;
                if successes >= verdict.successes || successes + half.failures >= verdict.probes {
                    return Effect::To(self.reset(settings));
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
            (Phase::HalfOpen(half), Outcome::Failure) => {
                let failures = half.failures + 1;
                if failures >= settings.verdict.failures {
                    return open((half.streak + 1).min(MAX_STREAK));
                }
                if failures + half.successes >= settings.verdict.probes {
                    return Effect::To(self.reset(settings));
                }
                let out = half.out.saturating_sub(1);
                to(
                    generation,
                    Phase::HalfOpen(HalfOpen {
                        out,
                        failures,
                        ..half
                    }),
                )
            }
            (Phase::HalfOpen(half), Outcome::Neutral) => {
                let out = half.out.saturating_sub(1);
                to(generation, Phase::HalfOpen(HalfOpen { out, ..half }))
            }
        }
    }
}

/// Whether a lease until `lease_ms` (modulo 2^22) is over.
const fn is_over(lease_ms: u64, now_ms: u64) -> bool {
    let left = lease_ms.wrapping_sub(now_ms) & LEASE_MASK;
    left == 0 || left > MAX_LEASE_MS + SKEW_MS
}

#[cfg(test)]
#[path = "packed_state_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "packed_state_walk.rs"]
mod walk;
