//! What a call does that does not succeed at once.
//!
//! It arrives in parts, and is put together again here.

use std::pin::Pin;
use std::time::Duration;

use super::late::{Late, Lateness, Over};
use super::{Call, Step};
use crate::breaker::{Breaker, BreakerEvent, Ticket};
use crate::class::Settlement;
use crate::clock::{self, Instant};
use crate::policy::Policy;
use crate::telemetry::{self, Failure};
use crate::{Bulkhead, BulkheadPermit, Class, Rejection, kill_switch};

// Not cold: while a circuit is open, every call comes this way.
#[inline(never)]
pub(super) fn begin_blocking(
    policy: &Policy,
    breaker: Option<&Breaker>,
    late: Lateness,
) -> (Lateness, Ticket) {
    let (mut late, ticket) = begin(policy, breaker, late);
    if ticket.is_probe()
        && let Some(breaker) = breaker
    {
        late.get_or_insert_default().as_mut().mark(breaker, ticket);
    }
    (late, ticket)
}

#[inline]
pub(super) fn begin<'a>(
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
pub(super) fn failed<'a>(
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
pub(super) fn late_since(mut late: Lateness, started: Instant) -> Lateness {
    late.get_or_insert_default()
        .as_mut()
        .project()
        .started
        .get_or_insert(started);
    late
}

#[cold]
#[inline(never)]
pub(super) fn end(breaker: Option<&Breaker>, ticket: Ticket, mut late: Lateness) {
    if let Some(late) = &mut late {
        late.as_mut().unmark();
    }
    if let Some(breaker) = breaker {
        breaker.abandoned(ticket);
    }
}

#[cold]
#[inline(never)]
pub(super) fn rejection(
    policy: &Policy,
    breaker: Option<&Breaker>,
    ticket: Ticket,
    late: Lateness,
) -> Rejection {
    let function = policy.name;
    match (late.and_then(|late| late.over), breaker) {
        (None, Some(breaker)) => breaker.refusal(ticket),
        (Some(Over::Timeout(after)), _) => Rejection::TimedOut { function, after },
        (Some(Over::Deadline), _) | (None, None) => Rejection::DeadlineExceeded {
            function,
            deadline: policy.deadline.unwrap_or_default(),
        },
    }
}

#[cold]
#[inline(never)]
pub(super) fn block(late: Option<&Late>) {
    if let Some(late) = late {
        clock::sleep(late.delay);
    }
}

#[inline(never)]
pub(super) fn enters<'l>(
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

/// The shorter of two limits, either of which may not be there.
fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (limit, None) | (None, limit) => limit,
    }
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
        self.unmark();
        // Where calls are counted, what comes of this one is known only when it is over.
        let counts_later = verdict.retry && self.counts_calls();
        if !counts_later {
            self.settle(verdict.breaker);
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
                self.settle(Settlement::Neutral);
                let late = self.late().project();
                (*late.failed, *late.delay) = (failed, delay);
                telemetry::retry(failure, delay);
                return Step::Pause;
            }
            telemetry::budget_exhausted(failure);
            if let Some(breaker) = self.breaker {
                let name = breaker.name();
                breaker.notify(|| BreakerEvent::RetryBudgetExhausted { breaker: name });
            }
        }
        self.settle(verdict.breaker);
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
        let timeout = self.timeout();
        if self.fails(Class::Ambiguous) == Step::Pause {
            return false;
        }
        let over = match (self.is_past_deadline(), timeout) {
            (false, Some(after)) => Over::Timeout(after),
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
        shorter(self.timeout(), left)
    }

    /// How long this attempt may take, whatever is left of the deadline.
    fn timeout(&self) -> Option<Duration> {
        let as_probe = match self.breaker {
            Some(breaker) if self.ticket.is_probe() => breaker.probe_timeout(),
            _ => None,
        };
        shorter(self.policy.timeout, as_probe)
    }

    /// Whether the attempt under way is to be counted with its call only. A probe is waited for.
    fn counts_calls(&self) -> bool {
        self.breaker.is_some_and(Breaker::counts_calls) && !self.ticket.is_probe()
    }

    /// Once: a ticket that is settled is gone.
    fn settle(&mut self, outcome: Settlement) {
        let ticket = self.take_ticket();
        if let Some(breaker) = self.breaker
            && ticket.is_out()
        {
            breaker.settle(ticket, outcome);
        }
    }

    /// Makes it if it is not there.
    pub(crate) fn late(&mut self) -> Pin<&mut Late> {
        self.late.get_or_insert_default().as_mut()
    }

    #[cold]
    #[inline(never)]
    pub(super) fn mark(&mut self) {
        let ticket = self.ticket;
        if let Some(breaker) = self.breaker {
            self.late().mark(breaker, ticket);
        }
    }

    /// The attempt is over, or has to wait.
    pub(crate) fn unmark(&mut self) {
        if let Some(late) = &mut self.late {
            late.as_mut().unmark();
        }
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
                .time_left(clock::now())
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
                .time_left(clock::now())
                .is_some_and(|left| left.is_zero())
    }
}
