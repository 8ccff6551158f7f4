//! One call of an annotated function: which attempt it is at, and what follows from each one's outcome.
//!
//! What is on the path of a call that succeeds at once is inlined into every annotated function. The rest is not generic and out of
//! line, and is handed the parts of the [`Call`] one by one: with a reference to it, the whole would have to stand in memory from the
//! beginning, and to be written there by every call.

mod late;
mod slow;

use late::Lateness;

use crate::breaker::{Breaker, Ticket};
use crate::clock::Instant;
use crate::policy::Policy;
use crate::{Bulkhead, BulkheadPermit, Class, Rejection, telemetry};

/// One call of an annotated function.
#[derive(Debug)]
pub struct Call<'a> {
    policy: &'a Policy,
    breaker: Option<&'a Breaker>,
    /// Of the attempt that is under way, or of one that was refused.
    ticket: Ticket,
    late: Lateness,
}

/// What follows from a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait, then try again.
    Pause,
    /// Give up; the fallback, if there is one, may answer.
    Fallback,
    /// Give up; this failure is the answer.
    Return,
}

#[expect(clippy::inline_always, reason = "a call costs more than what these do")]
impl<'a> Call<'a> {
    /// A call whose deadline runs from the moment it first has to wait: one that is answered at once reads no clock.
    #[inline(always)]
    pub const fn new(policy: &'a Policy, breaker: Option<&'a Breaker>) -> Self {
        Self {
            policy,
            breaker,
            ticket: Ticket::NONE,
            late: None,
        }
    }

    /// A value of the attribute that was known only at run time and makes no sense.
    #[inline(always)]
    pub fn misconfigured(&self) -> Option<Rejection> {
        self.policy.problem()
    }

    /// Asks for leave to make an attempt. `false`: the call is over, and [`rejection`](Self::rejection) says why.
    #[inline(always)]
    #[must_use]
    pub fn begin(&mut self) -> bool {
        self.passes() || {
            let (late, ticket) = slow::begin(self.policy, self.breaker, self.late.take());
            self.put_back(late);
            self.ticket = ticket;
            !ticket.is_refused()
        }
    }

    /// As [`begin`](Self::begin), for a body that blocks: until the attempt is over, what runs on this thread is part of it.
    #[inline(always)]
    #[must_use]
    pub fn begin_blocking(&mut self) -> bool {
        self.passes() || {
            let (late, ticket) = slow::begin_blocking(self.policy, self.breaker, self.late.take());
            self.put_back(late);
            self.ticket = ticket;
            !ticket.is_refused()
        }
    }

    /// The first attempt, on a closed circuit or none.
    #[inline(always)]
    fn passes(&mut self) -> bool {
        if self.late.is_some() {
            return false;
        }
        match self.breaker {
            None => true,
            Some(breaker) => breaker
                .passes()
                .map(|ticket| self.ticket = ticket)
                .is_some(),
        }
    }

    /// Marks what runs on this thread from here on as part of the attempt, if that is the probe of a half-open circuit.
    ///
    /// It is unmarked when the attempt is over or has to wait, and by dropping the call, as a panic does.
    #[inline(always)]
    pub(crate) fn polls(&mut self) {
        if self.ticket.is_probe() {
            self.mark();
        }
    }

    /// The attempt gave a value, and the call is over.
    // By value: what is left to be dropped is known here, and not looked up again at the end of the function.
    #[inline(always)]
    pub fn succeeded(mut self) {
        let ticket = self.take_ticket();
        if let Some(breaker) = self.breaker {
            breaker.succeeded(ticket);
        }
    }

    /// The attempt gave an error.
    #[inline(always)]
    pub fn failed(&mut self, class: Class) -> Step {
        let ticket = self.take_ticket();
        let (late, step) = slow::failed(self.policy, self.breaker, ticket, self.late.take(), class);
        self.put_back(late);
        step
    }

    /// As [`failed`](Self::failed), for a body that blocks: its deadline has been running since then.
    #[inline(always)]
    pub fn failed_since(&mut self, started: Instant, class: Class) -> Step {
        let late = slow::late_since(self.late.take(), started);
        self.put_back(late);
        self.failed(class)
    }

    /// Why the call is over, which has no error of its own.
    #[inline(always)]
    pub fn rejection(&mut self) -> Rejection {
        let ticket = self.take_ticket();
        slow::rejection(self.policy, self.breaker, ticket, self.late.take())
    }

    /// Makes the pause before the next attempt by blocking the thread.
    #[inline(always)]
    pub fn block(&self) {
        slow::block(self.late.as_deref());
    }

    /// Ends the call, and tells that the fallback answers from here on.
    ///
    /// By value: the breaker may be a part of what the fallback wants for itself.
    #[inline(always)]
    pub fn falls_back(self) {
        telemetry::falls_back(self.policy.name, self.breaker.map(Breaker::name));
    }

    /// Asks for leave to run the fallback. `None`, which is told as well: too many calls are in it.
    #[inline(always)]
    pub fn enters<'l>(&self, limit: &'l Bulkhead) -> Option<BulkheadPermit<'l>> {
        slow::enters(self.policy, self.breaker, limit)
    }

    /// Ends the call: the breaker may be a part of what comes next.
    #[inline(always)]
    pub fn end(self) {}

    #[inline(always)]
    const fn take_ticket(&mut self) -> Ticket {
        std::mem::replace(&mut self.ticket, Ticket::NONE)
    }

    /// After it was taken: there is nothing to be dropped.
    #[inline(always)]
    fn put_back(&mut self, late: Lateness) {
        std::mem::forget(std::mem::replace(&mut self.late, late));
    }
}

impl Drop for Call<'_> {
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    fn drop(&mut self) {
        if self.ticket.is_out() || self.late.is_some() {
            slow::end(self.breaker, self.ticket, self.late.take());
        }
    }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
