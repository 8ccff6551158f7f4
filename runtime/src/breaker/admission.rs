//! What a breaker answers to a call that wants in, in one register.

use super::Outcome;
use super::packed_state::{GENERATION_SHIFT, PackedState};

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
pub(crate) struct Admission(u64);

/// What an outcome counts for, beyond that of a call on a closed circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    /// As much as any.
    Full = 0,
    /// It decides whether a half-open circuit closes.
    Probe = 1,
    /// Part of a probe that holds the permit itself: a failure of this one counts, all else is the probe's to say.
    Nested = 2,
    /// As `Full`, and what runs on this thread while it is polled is marked: it belongs to a span.
    Marked = 5,
    /// Nothing: admitted while the protection is out of service, or not asked for at all.
    None = 3,
    /// Admitted past a circuit that is only observed: it counts for what is observed, and changes nothing.
    Observed = 6,
}

/// Zero in the word of a closed circuit; then the third bit says nothing.
const CLOSED_MASK: u64 = 0b011;
const WHAT_MASK: u64 = 0b111;
const REFUSED: u64 = 0b111;
const MARKED: u64 = Weight::Marked as u64;
const WAIT_SHIFT: u32 = 3;
const START_MASK: u64 = (1 << (GENERATION_SHIFT - WAIT_SHIFT)) - 1;

impl Admission {
    /// Settled, or never asked for.
    pub(crate) const NONE: Self = Self(Weight::None as u64);
    /// Refused, with no time at which that would change.
    pub(crate) const REFUSED: Self = Self(REFUSED);

    /// Admitted by a closed breaker, whose word this is.
    #[inline]
    pub(super) const fn closed(seen: PackedState) -> Self {
        Self(seen.bits())
    }

    /// Admitted while the word was this one.
    #[inline]
    pub(super) const fn admitted(seen: PackedState, weight: Weight) -> Self {
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
        match self.0 & WHAT_MASK {
            0b100 | MARKED => Weight::Full as u64,
            what => what,
        }
    }

    #[inline]
    pub(super) const fn has(self, weight: Weight) -> bool {
        self.what() == weight as u64
    }

    /// Whether `outcome` changes anything in the state word.
    pub(super) const fn counts(self, outcome: Outcome) -> bool {
        let is_probe = self.has(Weight::Probe);
        match outcome {
            Outcome::Success => self.has(Weight::Full) || is_probe,
            Outcome::Failure => self.has(Weight::Full) || is_probe || self.has(Weight::Nested),
            // Elsewhere nothing has been handed out.
            Outcome::Neutral => is_probe,
        }
    }

    /// Whether anybody has to settle it.
    #[inline]
    pub(crate) const fn is_out(self) -> bool {
        // One that was refused has these bits too.
        self.0 & CLOSED_MASK != Weight::None as u64
    }

    /// The same, of a call that has a span. What is not asked for is marked as well: nobody settles it.
    pub(crate) const fn marked(self) -> Self {
        if self.0 & CLOSED_MASK == 0 || self.0 == Self::NONE.0 {
            Self(self.0 & !WHAT_MASK | MARKED)
        } else {
            self
        }
    }

    /// Whether what runs on this thread is to be marked while the attempt is polled: as a part of a probe, or of a span.
    #[inline]
    pub(crate) const fn is_marked(self) -> bool {
        self.0 & CLOSED_MASK == Weight::Probe as u64
    }

    #[inline]
    pub(crate) const fn is_probe(self) -> bool {
        self.0 & WHAT_MASK == Weight::Probe as u64
    }
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::trip_rule::TripRule;

    #[test]
    fn what_is_refused_or_counts_for_nothing_has_not_to_be_settled() {
        let word = PackedState::new(TripRule::InARow { failures: 1 });
        for (weight, is_out) in [
            (Weight::Full, true),
            (Weight::Probe, true),
            (Weight::Nested, true),
            (Weight::Observed, true),
            (Weight::None, false),
        ] {
            let admission = Admission::admitted(word, weight).started(12_345);
            assert_eq!(admission.is_out(), is_out, "{weight:?}");
            assert!(
                admission.has(weight) && !admission.is_refused(),
                "{weight:?}"
            );
            assert_eq!(admission.start_ms(), 12_345);
            assert_eq!(admission.generation(), word.generation());
        }
        for refused in [
            Admission::REFUSED,
            Admission::refused(0),
            Admission::refused(u64::MAX >> 3),
        ] {
            assert!(refused.is_refused() && !refused.is_out());
        }
    }
}
