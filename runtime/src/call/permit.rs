//! The permit of an attempt, where a `limit` bounds how many run at once.

use super::retry_state::Over;
use super::{Call, fallback, tally};
use crate::breaker::Breaker;
use crate::cause::Cause;
use crate::class::Outcome;
use crate::event::{BulkheadFull, Event, Severity};
use crate::{Bulkhead, BulkheadPermit, Class, kill_switch, observer};

impl Call<'_> {
    /// Leave to make the attempt, which the breaker has given already. `None`: the call is over, and [`rejection`](Self::rejection) says why.
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    pub fn acquire<'l>(&mut self, limit: &'l Bulkhead) -> Option<BulkheadPermit<'l>> {
        match limit.enter() {
            Some(permit) => Some(permit),
            None => self.saturated(limit),
        }
    }

    /// There is no permit: the attempt is not made, and no other one, which would add to what there is too much of.
    #[cold]
    #[inline(never)]
    pub(super) fn saturated<'l>(&mut self, limit: &'l Bulkhead) -> Option<BulkheadPermit<'l>> {
        if kill_switch::is_engaged() {
            return Some(limit.enter_regardless());
        }
        self.unmark();
        // Nothing was sent, which says nothing of Redis: a half-open circuit gets its probe back.
        self.settle(Outcome::Neutral, &Cause::NONE);
        self.retry_state().over = Some(Over::Saturated {
            bulkhead: limit.name(),
            limit: limit.limit(),
        });
        limit.note_refusal();
        tally::no_permit(self.policy, self.breaker);
        self.tell_full(limit);
        None
    }

    fn tell_full(&self, limit: &Bulkhead) {
        if !observer::wants(Severity::Warn) {
            return;
        }
        if self.policy().fallback.is_some() {
            fallback::answers_for_rejection(Class::Rejected, || limit.saturated());
        }
        observer::emit(&Event::BulkheadFull(BulkheadFull {
            bulkhead: limit.name(),
            limit: limit.limit(),
            function: Some(self.policy().name),
            breaker: self.breaker.map(Breaker::name),
        }));
    }
}
