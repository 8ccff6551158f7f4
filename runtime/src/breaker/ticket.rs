//! What a breaker answers to a call that wants in, in one register.

use super::word::Word;

/// Leave to make an attempt, or the want of it.
///
/// ```text
///  63                                        3    2     1   0
/// +-------------------------------------------+------+--------+
/// |  generation, or milliseconds to wait      | half | weight |
/// +-------------------------------------------+------+--------+
/// ```
///
/// It is a number, and what holds one has to settle it: a [`Permit`](super::Permit), or the call of an annotated function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// What an outcome counts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    Full = 0,
    /// Part of a probe that holds the permit itself: a failure of this one counts, all else is the probe's to say.
    Nested,
    /// Admitted past a circuit that refuses calls, or not asked for at all.
    None,
}

const REFUSED: u64 = 3;
const WEIGHT_MASK: u64 = 0b011;
const HALF_OPEN: u64 = 0b100;
const NUMBER_SHIFT: u32 = 3;

impl Ticket {
    /// Settled, or never asked for.
    pub(crate) const NONE: Self = Self(Weight::None as u64);

    /// Refused, with no time at which that would change.
    pub(crate) const REFUSED: Self = Self(REFUSED);

    /// Admitted while the word was this one.
    #[inline]
    pub(super) const fn admitted(seen: Word, weight: Weight) -> Self {
        let half_open = if seen.is_half_open() { HALF_OPEN } else { 0 };
        Self(seen.generation() << NUMBER_SHIFT | half_open | weight as u64)
    }

    #[inline]
    pub(super) const fn refused(retry_after_ms: u64) -> Self {
        Self(retry_after_ms << NUMBER_SHIFT | REFUSED)
    }

    #[inline]
    pub(crate) const fn is_refused(self) -> bool {
        self.0 & WEIGHT_MASK == REFUSED
    }

    /// Of one that is refused.
    #[inline]
    pub(crate) const fn retry_after_ms(self) -> u64 {
        self.0 >> NUMBER_SHIFT
    }

    /// Of one that is admitted.
    #[inline]
    pub(super) const fn generation(self) -> u64 {
        self.0 >> NUMBER_SHIFT
    }

    #[inline]
    pub(super) const fn has(self, weight: Weight) -> bool {
        self.0 & WEIGHT_MASK == weight as u64
    }

    /// Whether there is an outcome that the breaker would want to hear of.
    #[inline]
    pub(crate) const fn counts(self) -> bool {
        self.0 & WEIGHT_MASK < Weight::None as u64
    }

    #[inline]
    pub(crate) const fn is_probe(self) -> bool {
        self.0 & (WEIGHT_MASK | HALF_OPEN) == HALF_OPEN | Weight::Full as u64
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
