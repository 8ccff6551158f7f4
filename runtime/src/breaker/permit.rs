//! Leave to make one attempt, given back whatever becomes of it.

use super::probing::Probing;
use super::word::Word;
use super::{Breaker, Settlement};
use crate::Class;

/// Leave to make one attempt, to be settled with what came of it.
///
/// Dropped without being settled, as a cancelled future drops it, it says nothing about Redis and goes back; dropped while its
/// thread panics it counts as a failure.
#[derive(Debug)]
#[must_use = "settle it with `success`, `failure` or `neutral`"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    // Two words in all: more, and a permit is moved through memory, on a path that is otherwise two loads.
    ticket: Ticket,
}

/// What a permit remembers: the generation it was admitted in, whether that was half-open, and its weight.
#[derive(Clone, Copy)]
struct Ticket(u64);

impl Ticket {
    const WEIGHT_MASK: u64 = 0b011;
    const HALF_OPEN: u64 = 0b100;
    const GENERATION_SHIFT: u32 = 3;

    #[inline]
    const fn new(seen: Word, weight: Weight) -> Self {
        let half_open = if seen.is_half_open() {
            Self::HALF_OPEN
        } else {
            0
        };
        Self(seen.generation() << Self::GENERATION_SHIFT | half_open | weight as u64)
    }

    #[inline]
    const fn generation(self) -> u64 {
        self.0 >> Self::GENERATION_SHIFT
    }

    #[inline]
    const fn has(self, weight: Weight) -> bool {
        self.0 & Self::WEIGHT_MASK == weight as u64
    }

    #[inline]
    const fn is_probe(self) -> bool {
        self.0 & (Self::WEIGHT_MASK | Self::HALF_OPEN) == Self::HALF_OPEN | Weight::Full as u64
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// What an outcome counts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    Full = 0,
    /// Part of a probe that holds the permit itself: a failure of this one counts, all else is the probe's to say.
    Nested,
    /// Admitted past a circuit that refuses calls.
    None,
}

impl<'a> Permit<'a> {
    #[inline]
    pub(super) const fn new(breaker: &'a Breaker, seen: Word, weight: Weight) -> Self {
        Self {
            breaker,
            ticket: Ticket::new(seen, weight),
        }
    }

    /// Redis answered.
    #[inline]
    pub fn success(self) {
        // Not the word seen at admission: another call may have failed since, and this success has to be counted.
        if !self.breaker.word().is_quiet() && self.ticket.has(Weight::Full) {
            self.breaker
                .settle(self.ticket.generation(), Settlement::Success);
        }
        std::mem::forget(self);
    }

    /// Redis did not answer, or not as a healthy one does.
    #[inline]
    pub fn failure(self) {
        self.fail();
        std::mem::forget(self);
    }

    /// Nothing was learned about Redis.
    #[inline]
    pub fn neutral(self) {
        self.give_back();
        std::mem::forget(self);
    }

    /// The attempt failed, and this is what the failure means: [`Class`] says what each is for the breaker.
    pub fn failed(self, class: Class) {
        self.settle(class.settlement());
    }

    pub(crate) fn settle(self, outcome: Settlement) {
        match outcome {
            Settlement::Success => self.success(),
            Settlement::Failure => self.failure(),
            Settlement::Neutral => self.neutral(),
        }
    }

    /// Whether this attempt decides if a half-open circuit closes.
    #[must_use]
    #[inline]
    pub const fn is_probe(&self) -> bool {
        self.ticket.is_probe()
    }

    #[cfg(test)]
    pub(super) const fn generation(&self) -> u64 {
        self.ticket.generation()
    }

    /// Marks what runs on this thread as part of this attempt, if it is a probe.
    #[inline]
    pub(crate) fn probing(&self) -> Option<Probing> {
        self.is_probe()
            .then(|| Probing::enter(self.breaker, self.ticket.generation()))
    }

    fn fail(&self) {
        if !self.ticket.has(Weight::None) {
            self.breaker
                .settle(self.ticket.generation(), Settlement::Failure);
        }
    }

    fn give_back(&self) {
        if self.is_probe() {
            self.breaker
                .settle(self.ticket.generation(), Settlement::Neutral);
        }
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.fail();
        } else {
            self.give_back();
        }
    }
}
