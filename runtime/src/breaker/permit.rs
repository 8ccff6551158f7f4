//! Leave to make one attempt, given back whatever becomes of it.

use super::ticket::Ticket;
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

impl<'a> Permit<'a> {
    #[inline]
    pub(super) const fn new(breaker: &'a Breaker, ticket: Ticket) -> Self {
        Self { breaker, ticket }
    }

    /// Redis answered.
    #[inline]
    pub fn success(self) {
        self.breaker.succeeded(self.ticket);
        std::mem::forget(self);
    }

    /// Redis did not answer, or not as a healthy one does.
    #[inline]
    pub fn failure(self) {
        self.settle(Settlement::Failure);
    }

    /// Nothing was learned about Redis.
    #[inline]
    pub fn neutral(self) {
        self.settle(Settlement::Neutral);
    }

    /// The attempt failed, and this is what the failure means: [`Class`] says what each is for the breaker.
    pub fn failed(self, class: Class) {
        self.settle(class.settlement());
    }

    fn settle(self, outcome: Settlement) {
        self.breaker.settle(self.ticket, outcome);
        std::mem::forget(self);
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

    /// Runs `code` as a part of this attempt.
    #[cfg(test)]
    pub(crate) fn inside(&self, code: impl FnOnce()) {
        super::probing::enter(self.breaker, self.ticket);
        code();
        super::probing::leave();
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.breaker.abandoned(self.ticket);
    }
}
