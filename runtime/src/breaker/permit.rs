//! Leave to make one attempt, given back whatever becomes of it.

use super::Breaker;
use super::word::Word;
use crate::class::Settlement;

/// Leave to make one attempt, to be settled with what came of it.
///
/// Dropped without being settled, as a cancelled future drops it, it says nothing about Redis and goes back; dropped by
/// a panic it counts as a failure.
#[derive(Debug)]
#[must_use = "settle it with `success`, `failure` or `neutral`"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    /// The word that was seen at admission, or put in place by it.
    seen: Word,
}

impl<'a> Permit<'a> {
    #[inline]
    pub(super) const fn new(breaker: &'a Breaker, seen: Word) -> Self {
        Self { breaker, seen }
    }

    /// Redis answered.
    #[inline]
    pub fn success(self) {
        let (breaker, generation) = self.disarm();
        // Not the word seen at admission: another call may have failed since, and this success has to be counted.
        if !breaker.word().is_quiet() {
            breaker.settle(generation, Settlement::Success);
        }
    }

    /// Redis did not answer, or not as a healthy one does.
    #[inline]
    pub fn failure(self) {
        let (breaker, generation) = self.disarm();
        breaker.settle(generation, Settlement::Failure);
    }

    /// Nothing was learned about Redis.
    #[inline]
    pub fn neutral(self) {
        drop(self);
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
    pub const fn is_probe(&self) -> bool {
        self.seen.is_half_open()
    }

    #[inline]
    const fn disarm(self) -> (&'a Breaker, u64) {
        let parts = (self.breaker, self.seen.generation());
        std::mem::forget(self);
        parts
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.breaker
                .settle(self.seen.generation(), Settlement::Failure);
        } else if self.is_probe() {
            self.breaker
                .settle(self.seen.generation(), Settlement::Neutral);
        }
    }
}
