//! What a blocking call does that does not succeed at once.
//!
//! It arrives in parts, and is put together again here.

use std::mem::ManuallyDrop;

use crate::breaker::{Breaker, Ticket};
use crate::call::late::Lateness;
use crate::call::{Call, Step, slow};
use crate::class::diagnosis::Diagnosis;
use crate::clock::{self, Instant};
use crate::outcome::{Outcome, Refused, TurnedAway};
use crate::policy::Policy;
use crate::{Bulkhead, BulkheadPermit, Rejection};

fn whole<'a>(
    policy: &'a Policy,
    breaker: Option<&'a Breaker>,
    ticket: Ticket,
    late: Lateness,
) -> Call<'a> {
    Call {
        policy,
        breaker,
        ticket,
        late: ManuallyDrop::new(late),
    }
}

// Not cold: while a circuit is open, every call comes this way.
#[inline(never)]
pub(super) fn begin(policy: &Policy, breaker: &Breaker) -> (Lateness, Ticket) {
    if let Some(refused) = breaker.refuses() {
        return (None, refused);
    }
    let mut call = Call::new(policy, Some(breaker));
    call.ticket = breaker.ask(call.longest_attempt());
    call.goes_on_blocking()
}

// Not cold: where a breaker counts calls that succeed, every one comes this way.
#[inline(never)]
pub(super) fn succeeded(breaker: Option<&Breaker>, ticket: Ticket, late: Lateness) {
    if late.is_some() {
        drop_late(late);
    }
    if let Some(breaker) = breaker {
        breaker.succeeded(ticket);
    }
}

#[cold]
#[inline(never)]
pub(super) fn failed(
    policy: &Policy,
    breaker: Option<&Breaker>,
    ticket: Ticket,
    late: Lateness,
    diagnosis: Diagnosis,
) -> (Lateness, Step) {
    let mut call = whole(policy, breaker, ticket, late);
    let step = call.failed(diagnosis);
    let late = match step {
        Step::Pause => call.late.take(),
        Step::Fallback | Step::Return => None,
    };
    (late, step)
}

#[cold]
#[inline(never)]
pub(super) fn failed_since(
    policy: &Policy,
    breaker: Option<&Breaker>,
    ticket: Ticket,
    mut late: Lateness,
    diagnosis: Diagnosis,
    started: Instant,
) -> (Lateness, Step) {
    late.get_or_insert_default()
        .as_mut()
        .project()
        .started
        .get_or_insert(started);
    failed(policy, breaker, ticket, late, diagnosis)
}

#[cold]
#[inline(never)]
pub(super) fn pause(
    policy: &Policy,
    breaker: Option<&Breaker>,
    late: Lateness,
) -> (Lateness, Ticket) {
    let mut call = whole(policy, breaker, Ticket::NONE, late);
    clock::sleep(call.delay());
    call.begin_again();
    call.goes_on_blocking()
}

#[cold]
#[inline(never)]
pub(super) fn end(breaker: Option<&Breaker>, ticket: Ticket, late: Lateness) {
    drop_late(late);
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
    whole(policy, breaker, ticket, late).rejection()
}

#[cold]
#[inline(never)]
pub(super) fn refuse<R>(
    policy: &Policy,
    breaker: Option<&Breaker>,
    ticket: Ticket,
    late: Lateness,
) -> R
where
    R: Outcome,
    R::Error: Refused,
{
    R::from_error(R::Error::refused(rejection(policy, breaker, ticket, late)))
}

#[inline(never)]
pub(super) fn enters<'l>(
    policy: &Policy,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
) -> Option<BulkheadPermit<'l>> {
    slow::enters(policy, breaker, limit)
}

#[inline(never)]
pub(super) fn enter_fallback<'l, E>(
    policy: &Policy,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
    error: &mut Option<E>,
) -> Option<BulkheadPermit<'l>> {
    let permit = slow::enters(policy, breaker, limit)?;
    *error = None;
    Some(permit)
}

#[cold]
#[inline(never)]
pub(super) fn turned_away<R>(
    policy: &Policy,
    breaker: Option<&Breaker>,
    ticket: Ticket,
    late: Lateness,
    limit: &Bulkhead,
    error: Option<R::Error>,
) -> R
where
    R: Outcome,
    R::Error: TurnedAway,
{
    R::from_error(whole(policy, breaker, ticket, late).turned_away(limit, error))
}

/// What runs on this thread is no longer part of a probe, if it was.
#[cold]
#[inline(never)]
pub(super) fn drop_late(late: Lateness) {
    if let Some(mut late) = late {
        late.as_mut().unmark();
    }
}

#[inline(never)]
pub(super) fn enter_fallback_with_error<'l, E: Refused>(
    policy: &Policy,
    breaker: Option<&Breaker>,
    ticket: Ticket,
    late: Lateness,
    limit: &'l Bulkhead,
    error: Option<E>,
) -> Result<(BulkheadPermit<'l>, E), E> {
    whole(policy, breaker, ticket, late).enter_fallback_with_error(limit, error)
}

impl Call<'_> {
    /// What a blocking call goes on with. If it is a probe, what runs on this thread is part of it from here on.
    fn goes_on_blocking(mut self) -> (Lateness, Ticket) {
        self.polls();
        (self.late.take(), self.take_ticket())
    }
}
