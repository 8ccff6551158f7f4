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
    /// The word that was seen at admission, or put in place by it.
    seen: Word,
    weight: Weight,
}

/// What an outcome counts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    Full,
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
            seen,
            weight,
        }
    }

    /// Redis answered.
    #[inline]
    pub fn success(self) {
        // Not the word seen at admission: another call may have failed since, and this success has to be counted.
        if !self.breaker.word().is_quiet() && self.weight == Weight::Full {
            self.breaker
                .settle(self.seen.generation(), Settlement::Success);
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
        self.seen.is_half_open() && matches!(self.weight, Weight::Full)
    }

    /// Marks what runs on this thread as part of this attempt, if it is a probe.
    #[inline]
    pub(crate) fn probing(&self) -> Option<Probing> {
        self.is_probe()
            .then(|| Probing::enter(self.breaker, self.seen.generation()))
    }

    fn fail(&self) {
        if self.weight != Weight::None {
            self.breaker
                .settle(self.seen.generation(), Settlement::Failure);
        }
    }

    fn give_back(&self) {
        if self.is_probe() {
            self.breaker
                .settle(self.seen.generation(), Settlement::Neutral);
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
