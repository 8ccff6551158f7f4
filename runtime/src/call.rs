//! One call of an annotated function: which attempt it is at, and what follows from each one's outcome.
//!
//! What is on the path of a call that succeeds at once is inlined into every annotated function. The rest is not generic and out of
//! line, and is handed the parts of the [`Call`] one by one: with a reference to it, the whole would have to stand in memory from the
//! beginning, and to be written there by every call.

mod late;

use std::pin::Pin;
use std::time::Duration;

pub(crate) use late::Late;
use late::{Lateness, Over};

use crate::breaker::probing::{self, Probing};
use crate::breaker::{Breaker, Ticket};
use crate::clock::Instant;
use crate::policy::Policy;
use crate::telemetry::{self, Failure};
use crate::{Bulkhead, BulkheadPermit, Class, Rejection, kill_switch};

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
            let (late, ticket) = begin(self.policy, self.breaker, self.late.take());
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
            let (late, ticket) = begin_blocking(self.policy, self.breaker, self.late.take());
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

    /// Marks what runs on this thread as part of the attempt, if that is the probe of a half-open circuit.
    #[inline(always)]
    pub(crate) fn probing(&self) -> Probing {
        Probing::of(self.breaker, self.ticket)
    }

    /// The attempt gave a value.
    #[inline(always)]
    pub fn succeeded(&mut self) {
        let ticket = self.take_ticket();
        if let Some(breaker) = self.breaker {
            breaker.succeeded(ticket);
        }
    }

    /// The attempt gave an error.
    #[inline(always)]
    pub fn failed(&mut self, class: Class) -> Step {
        let ticket = self.take_ticket();
        let (late, step) = failed(self.policy, self.breaker, ticket, self.late.take(), class);
        self.put_back(late);
        step
    }

    /// As [`failed`](Self::failed), for a body that blocks: its deadline has been running since then.
    #[inline(always)]
    pub fn failed_since(&mut self, started: Instant, class: Class) -> Step {
        let late = late_since(self.late.take(), started);
        self.put_back(late);
        self.failed(class)
    }

    /// Why the call is over, which has no error of its own.
    #[inline(always)]
    pub fn rejection(&mut self) -> Rejection {
        let ticket = self.take_ticket();
        rejection(self.policy, self.breaker, ticket, self.late.take())
    }

    /// Makes the pause before the next attempt by blocking the thread.
    #[inline(always)]
    pub fn block(&self) {
        block(self.late.as_deref());
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
        enters(self.policy, self.breaker, limit)
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
        if self.ticket.counts() || self.late.is_some() {
            end(self.breaker, self.ticket, self.late.take());
        }
    }
}

// Not cold: while a circuit is open, every call comes this way.
#[inline(never)]
fn begin_blocking(
    policy: &Policy,
    breaker: Option<&Breaker>,
    late: Lateness,
) -> (Lateness, Ticket) {
    let (mut late, ticket) = begin(policy, breaker, late);
    if ticket.is_probe()
        && let Some(breaker) = breaker
    {
        probing::enter(breaker, ticket);
        *late.get_or_insert_default().as_mut().project().marked = true;
    }
    (late, ticket)
}

#[inline]
fn begin<'a>(
    policy: &'a Policy,
    breaker: Option<&'a Breaker>,
    late: Lateness,
) -> (Lateness, Ticket) {
    if late.is_none()
        && let Some(refused) = breaker.and_then(Breaker::refuses)
    {
        return (None, refused);
    }
    let mut call = Call {
        policy,
        breaker,
        ticket: Ticket::NONE,
        late,
    };
    let ticket = call.asks();
    (call.late.take(), ticket)
}

#[cold]
#[inline(never)]
fn failed<'a>(
    policy: &'a Policy,
    breaker: Option<&'a Breaker>,
    ticket: Ticket,
    late: Lateness,
    class: Class,
) -> (Lateness, Step) {
    let mut call = Call {
        policy,
        breaker,
        ticket,
        late,
    };
    let step = call.fails(class);
    (call.late.take(), step)
}

#[cold]
#[inline(never)]
fn late_since(mut late: Lateness, started: Instant) -> Lateness {
    late.get_or_insert_default()
        .as_mut()
        .project()
        .started
        .get_or_insert(started);
    late
}

#[cold]
#[inline(never)]
fn end(breaker: Option<&Breaker>, ticket: Ticket, mut late: Lateness) {
    if let Some(late) = &mut late {
        late.as_mut().unmark();
    }
    if let Some(breaker) = breaker {
        breaker.abandoned(ticket);
    }
}

#[cold]
#[inline(never)]
fn rejection(
    policy: &Policy,
    breaker: Option<&Breaker>,
    ticket: Ticket,
    late: Lateness,
) -> Rejection {
    let function = policy.name;
    match (late.and_then(|late| late.over), breaker) {
        (None, Some(breaker)) => breaker.refusal(ticket),
        (Some(Over::Timeout), _) => Rejection::TimedOut {
            function,
            after: policy.timeout.unwrap_or_default(),
        },
        (Some(Over::Deadline), _) | (None, None) => Rejection::DeadlineExceeded {
            function,
            deadline: policy.deadline.unwrap_or_default(),
        },
    }
}

#[cold]
#[inline(never)]
fn block(late: Option<&Late>) {
    if let Some(late) = late {
        std::thread::sleep(late.delay);
    }
}

#[inline(never)]
fn enters<'l>(
    policy: &Policy,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
) -> Option<BulkheadPermit<'l>> {
    let (function, breaker) = (policy.name, breaker.map(Breaker::name));
    let permit = limit.enter();
    if permit.is_some() {
        telemetry::falls_back(function, breaker);
    } else {
        telemetry::saturated(function, limit, breaker);
    }
    permit
}

/// What is out of line anyway.
impl Call<'_> {
    fn asks(&mut self) -> Ticket {
        if self.has_started() && self.failures() > 0 && self.is_past_deadline() {
            *self.late().project().over = Some(Over::Deadline);
            return Ticket::REFUSED;
        }
        let longest = self.policy.timeout.or(self.policy.deadline);
        self.breaker.map_or(Ticket::NONE, |breaker| {
            breaker.ask(longest.unwrap_or_default())
        })
    }

    fn fails(&mut self, class: Class) -> Step {
        let verdict = class.verdict(self.policy.idempotent);
        let failed = self.failures().saturating_add(1);
        if let Some(late) = &mut self.late {
            late.as_mut().unmark();
        }
        let ticket = self.take_ticket();
        if let Some(breaker) = self.breaker {
            breaker.settle(ticket, verdict.breaker);
        }
        let failure = Failure {
            function: self.policy.name,
            attempt: failed,
            class,
            breaker: self.breaker.map(Breaker::name),
        };
        if verdict.retry
            && let Some(delay) = self.plans_retry(failed)
        {
            if self.can_afford_retry(failed) {
                let late = self.late().project();
                (*late.failed, *late.delay) = (failed, delay);
                telemetry::retry(failure, delay);
                return Step::Pause;
            }
            telemetry::budget_exhausted(failure);
        }
        telemetry::last_failure(failure);
        if verdict.fallback {
            Step::Fallback
        } else {
            Step::Return
        }
    }

    /// The attempt was cut off. `true`: the call is over, and [`rejection`](Self::rejection) says why.
    #[cold]
    #[inline(never)]
    pub fn timed_out(&mut self) -> bool {
        if self.fails(Class::Ambiguous) == Step::Pause {
            return false;
        }
        let over = match (self.is_past_deadline(), self.policy.timeout) {
            (false, Some(_)) => Over::Timeout,
            _ => Over::Deadline,
        };
        *self.late().project().over = Some(over);
        true
    }

    /// The pause to make before the next attempt.
    pub(crate) fn delay(&self) -> Duration {
        self.late.as_ref().map_or(Duration::ZERO, |late| late.delay)
    }

    /// How long the attempt that has just had to wait for the first time may go on; `None`: as long as it likes.
    pub(crate) fn attempt_limit(&mut self, now: Instant) -> Option<Duration> {
        if kill_switch::is_engaged() {
            return None;
        }
        let left = self.time_left(now);
        match (self.policy.timeout, left) {
            (Some(timeout), Some(left)) => Some(timeout.min(left)),
            (limit, None) | (None, limit) => limit,
        }
    }

    /// Makes it if it is not there.
    pub(crate) fn late(&mut self) -> Pin<&mut Late> {
        self.late.get_or_insert_default().as_mut()
    }

    fn failures(&self) -> u32 {
        self.late.as_ref().map_or(0, |late| late.failed)
    }

    fn has_started(&self) -> bool {
        self.late
            .as_ref()
            .is_some_and(|late| late.started.is_some())
    }

    /// What is left of the deadline, which begins to run now if it has not yet.
    fn time_left(&mut self, now: Instant) -> Option<Duration> {
        let deadline = self.policy.deadline?;
        let started = *self.late().project().started.get_or_insert(now);
        Some(deadline.saturating_sub(now.saturating_duration_since(started)))
    }

    /// The delay before another attempt after so many, if there is one: not if it would be refused or come too late.
    fn plans_retry(&mut self, failed: u32) -> Option<Duration> {
        if failed > self.policy.retries || kill_switch::is_engaged() {
            return None;
        }
        let delay = self
            .policy
            .backoff
            .delay(failed, self.delay(), fastrand::u32(..));
        if self
            .breaker
            .is_some_and(|breaker| breaker.retry_after() > delay)
        {
            return None;
        }
        if self.policy.deadline.is_some()
            && self
                .time_left(Instant::now())
                .is_some_and(|left| delay >= left)
        {
            return None;
        }
        Some(delay)
    }

    /// Whether the breaker's retry budget pays for the retry: asked last, for it is paid then.
    fn can_afford_retry(&self, failed: u32) -> bool {
        match self.breaker {
            Some(breaker) if self.policy.budgeted => breaker.budget.pays_for_retry(failed == 1),
            _ => true,
        }
    }

    fn is_past_deadline(&mut self) -> bool {
        self.policy.deadline.is_some()
            && self
                .time_left(Instant::now())
                .is_some_and(|left| left.is_zero())
    }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
