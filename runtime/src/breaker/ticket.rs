//! What a breaker answers to a call that wants in, in one register.

use super::Settlement;
use super::word::{GENERATION_SHIFT, Word};

/// Leave to make an attempt, or the want of it.
///
/// ```text
///  63          46 45                                     3 2    0
/// +--------------+----------------------------------------+------+
/// |  generation  |                 anything               | what |
/// +--------------+----------------------------------------+------+
/// |            milliseconds until a call may pass         | REFUSED
/// +-------------------------------------------------------+------+
/// ```
///
/// It is a number, and what holds one has to settle it: a [`Permit`](super::Permit), or the call of an annotated function.
/// The word of a closed breaker is one, as it stands: most calls get no other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// What an outcome counts for, beyond that of a call on a closed circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    /// As much as any.
    Full = 0,
    /// It decides whether a half-open circuit closes.
    Probe = 1,
    /// Part of a probe that holds the permit itself: a failure of this one counts, all else is the probe's to say.
    Nested = 2,
    /// Nothing: admitted past a circuit that refuses calls, or not asked for at all.
    None = 3,
}

const WEIGHT_MASK: u64 = 0b011;
const REFUSED: u64 = 0b111;
const WAIT_SHIFT: u32 = 3;

impl Ticket {
    /// Settled, or never asked for.
    pub(crate) const NONE: Self = Self(Weight::None as u64);
    /// Refused, with no time at which that would change.
    pub(crate) const REFUSED: Self = Self(REFUSED);

    /// Admitted by a closed breaker, whose word this is.
    #[inline]
    pub(super) const fn closed(seen: Word) -> Self {
        Self(seen.bits())
    }

    /// Admitted while the word was this one.
    #[inline]
    pub(super) const fn admitted(seen: Word, weight: Weight) -> Self {
        Self(seen.generation() << GENERATION_SHIFT | weight as u64)
    }

    #[inline]
    pub(super) const fn refused(retry_after_ms: u64) -> Self {
        Self(retry_after_ms << WAIT_SHIFT | REFUSED)
    }

    #[inline]
    pub(crate) const fn is_refused(self) -> bool {
        self.0 & REFUSED == REFUSED
    }

    /// Of one that is refused.
    #[inline]
    pub(crate) const fn retry_after_ms(self) -> u64 {
        if self.is_refused() {
            self.0 >> WAIT_SHIFT
        } else {
            0
        }
    }

    /// Of one that is admitted.
    #[inline]
    pub(super) const fn generation(self) -> u64 {
        self.0 >> GENERATION_SHIFT
    }

    /// Whether `outcome` is one that the breaker wants to hear of.
    #[inline]
    pub(super) fn counts(self, outcome: Settlement) -> bool {
        let weight = self.0 & WEIGHT_MASK;
        match outcome {
            Settlement::Success => weight <= Weight::Probe as u64,
            Settlement::Failure => weight <= Weight::Nested as u64,
            // Elsewhere nothing has been handed out.
            Settlement::Neutral => weight == Weight::Probe as u64,
        }
    }

    /// Whether there is any such outcome.
    #[inline]
    pub(crate) const fn is_out(self) -> bool {
        self.0 & WEIGHT_MASK != Weight::None as u64
    }

    #[inline]
    pub(crate) const fn is_probe(self) -> bool {
        self.0 & WEIGHT_MASK == Weight::Probe as u64
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
