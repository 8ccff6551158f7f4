//! What a breaker answers to a call that wants in, in one register.

use super::Settlement;
use super::word::{GENERATION_SHIFT, Word};

/// Leave to make an attempt, or the want of it.
///
/// ```text
///  63          46 45                                     3 2    0
/// +--------------+----------------------------------------+------+
/// |  generation  |        admitted at, or anything        | what |
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
    /// Nothing: admitted while the protection is out of service, or not asked for at all.
    None = 3,
    /// Admitted past a circuit that is only observed: it counts for what is observed, and changes nothing.
    Observed = 6,
}

/// Zero in the word of a closed circuit; then the third bit says nothing.
const CLOSED_MASK: u64 = 0b011;
const WHAT_MASK: u64 = 0b111;
const REFUSED: u64 = 0b111;
const WAIT_SHIFT: u32 = 3;
const START_MASK: u64 = (1 << (GENERATION_SHIFT - WAIT_SHIFT)) - 1;

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

    /// The same, admitted at this time: milliseconds, enough for 278 years.
    pub(super) const fn started(self, now_ms: u64) -> Self {
        Self(self.0 | (now_ms & START_MASK) << WAIT_SHIFT)
    }

    /// When it was admitted, of one that says so.
    pub(super) const fn start_ms(self) -> u64 {
        self.0 >> WAIT_SHIFT & START_MASK
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

    #[inline]
    const fn what(self) -> u64 {
        if self.0 & CLOSED_MASK == 0 {
            Weight::Full as u64
        } else {
            self.0 & WHAT_MASK
        }
    }

    #[inline]
    pub(super) const fn has(self, weight: Weight) -> bool {
        self.what() == weight as u64
    }

    /// Whether `outcome` changes anything in the state word.
    pub(super) const fn counts(self, outcome: Settlement) -> bool {
        let is_probe = self.has(Weight::Probe);
        match outcome {
            Settlement::Success => self.has(Weight::Full) || is_probe,
            Settlement::Failure => self.has(Weight::Full) || is_probe || self.has(Weight::Nested),
            // Elsewhere nothing has been handed out.
            Settlement::Neutral => is_probe,
        }
    }

    /// Whether anybody has to settle it.
    #[inline]
    pub(crate) const fn is_out(self) -> bool {
        // One that was refused has these bits too.
        self.0 & CLOSED_MASK != Weight::None as u64
    }

    #[inline]
    pub(crate) const fn is_probe(self) -> bool {
        self.0 & WHAT_MASK == Weight::Probe as u64
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::trip::Trip;

    #[test]
    fn what_is_refused_or_counts_for_nothing_has_not_to_be_settled() {
        let word = Word::new(Trip::InARow { failures: 1 });
        for (weight, is_out) in [
            (Weight::Full, true),
            (Weight::Probe, true),
            (Weight::Nested, true),
            (Weight::Observed, true),
            (Weight::None, false),
        ] {
            let ticket = Ticket::admitted(word, weight).started(12_345);
            assert_eq!(ticket.is_out(), is_out, "{weight:?}");
            assert!(ticket.has(weight) && !ticket.is_refused(), "{weight:?}");
            assert_eq!(ticket.start_ms(), 12_345);
            assert_eq!(ticket.generation(), word.generation());
        }
        for refused in [
            Ticket::REFUSED,
            Ticket::refused(0),
            Ticket::refused(u64::MAX >> 3),
        ] {
            assert!(refused.is_refused() && !refused.is_out());
        }
    }
}
