//! What a blocking call does that does not succeed at once.
//!
//! It arrives in parts, and is put together again here.

use std::mem::ManuallyDrop;

use crate::breaker::{Admission, Breaker};
use crate::call::retry_state::{LazyRetryState, RetryState};
use crate::call::spans::ending;
use crate::call::{Call, Ending, Step, fallback, tally};
use crate::clock::{self, Instant};
use crate::counts::CallResult;
use crate::diagnosis::Diagnosis;
use crate::result_like::{Refused, ResultLike, TurnedAway};
use crate::settings::Settings;
use crate::{Bulkhead, BulkheadPermit, Class, Rejection};

fn whole<'a>(
    policy: &'a Settings,
    breaker: Option<&'a Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
) -> Call<'a> {
    Call {
        policy,
        breaker,
        admission,
        retry_state: ManuallyDrop::new(retry_state),
    }
}

/// Whether a call comes when the time of its request is used up.
#[inline(never)]
pub(super) fn too_late(
    policy: &Settings,
    breaker: Option<&Breaker>,
    retry_state: LazyRetryState,
) -> (LazyRetryState, bool) {
    let mut call = whole(policy, breaker, Admission::NONE, retry_state);
    let is_too_late = call.comes_too_late();
    (call.retry_state.take(), is_too_late)
}

/// Each call has a span, and what runs on this thread is in it from here on.
#[cold]
#[inline(never)]
pub(super) fn begins_span(
    policy: &Settings,
    breaker: Option<&Breaker>,
    retry_state: LazyRetryState,
) -> LazyRetryState {
    let mut call = whole(policy, breaker, Admission::NONE, retry_state);
    call.begins_span();
    call.polls();
    call.retry_state.take()
}

/// The call has failed or was refused, and something else answers.
#[cold]
#[inline(never)]
pub(super) fn gives_up(retry_state: LazyRetryState) {
    if let Some(state) = &retry_state {
        if state.span.is_without_failure() {
            state.span.says(Class::Rejected, None);
        }
        state.span.ends(Ending::Fallback);
    }
    drop_retry_state(retry_state);
}

// Not cold: while a circuit is open, every call comes this way.
#[inline(never)]
pub(super) fn begin(policy: &Settings, breaker: &Breaker) -> (LazyRetryState, Admission) {
    if let Some(refused) = breaker.refuses() {
        return (None, refused);
    }
    begin_with(policy, breaker, None)
}

/// The same of a call of which there is something already.
#[inline(never)]
pub(super) fn begin_with(
    policy: &Settings,
    breaker: &Breaker,
    retry_state: LazyRetryState,
) -> (LazyRetryState, Admission) {
    let mut call = whole(policy, Some(breaker), Admission::NONE, retry_state);
    call.looks_for_overrides();
    call.admission = breaker.ask(call.longest_attempt());
    call.goes_on_blocking()
}

// Not cold: where a breaker counts calls that succeed, every one comes this way.
#[inline(never)]
pub(super) fn succeeded(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
) {
    match &retry_state {
        None => tally::ended(policy, breaker, CallResult::Redis),
        Some(state) => {
            state.span.ends(ending(state.failed));
            tally::answered(policy, breaker, state);
        }
    }
    drop_retry_state(retry_state);
    if let Some(breaker) = breaker {
        breaker.succeeded(admission);
    }
}

#[cold]
#[inline(never)]
pub(super) fn failed(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
    diagnosis: Diagnosis,
) -> (LazyRetryState, Step) {
    let mut call = whole(policy, breaker, admission, retry_state);
    let step = call.failed(diagnosis);
    if step == Step::Fallback && policy.fallback.is_some() {
        call.ends_span(Ending::Fallback);
    }
    let retry_state = match step {
        Step::Pause => call.retry_state.take(),
        Step::Fallback | Step::Return => None,
    };
    (retry_state, step)
}

#[cold]
#[inline(never)]
pub(super) fn failed_since(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    mut retry_state: LazyRetryState,
    diagnosis: Diagnosis,
    started: Instant,
) -> (LazyRetryState, Step) {
    retry_state
        .get_or_insert_with(RetryState::of_new_call)
        .started
        .get_or_insert(started);
    failed(policy, breaker, admission, retry_state, diagnosis)
}

#[cold]
#[inline(never)]
pub(super) fn saturated<'l>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
    limit: &'l Bulkhead,
) -> (LazyRetryState, Admission, Option<BulkheadPermit<'l>>) {
    let mut call = whole(policy, breaker, admission, retry_state);
    let permit = call.saturated(limit);
    (call.retry_state.take(), call.take_admission(), permit)
}

#[cold]
#[inline(never)]
pub(super) fn pause(
    policy: &Settings,
    breaker: Option<&Breaker>,
    retry_state: LazyRetryState,
) -> (LazyRetryState, Admission) {
    let mut call = whole(policy, breaker, Admission::NONE, retry_state);
    if call.over().is_some() {
        return (call.retry_state.take(), Admission::REFUSED);
    }
    clock::sleep(call.delay());
    call.begin_again();
    call.goes_on_blocking()
}

#[cold]
#[inline(never)]
pub(super) fn meets_faults(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
) -> (LazyRetryState, Admission, bool) {
    let mut call = whole(policy, breaker, admission, retry_state);
    let goes_on = call.meets_faults_blocking();
    (call.retry_state.take(), call.take_admission(), goes_on)
}

#[cold]
#[inline(never)]
pub(super) fn loses_reply(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
) -> (LazyRetryState, Admission, bool) {
    let mut call = whole(policy, breaker, admission, retry_state);
    let loses = call.loses_reply_blocking();
    (call.retry_state.take(), call.take_admission(), loses)
}

#[cold]
#[inline(never)]
pub(super) fn end(breaker: Option<&Breaker>, admission: Admission, retry_state: LazyRetryState) {
    drop_retry_state(retry_state);
    if let Some(breaker) = breaker {
        breaker.abandoned(admission);
    }
}

#[cold]
#[inline(never)]
pub(super) fn rejection(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
) -> Rejection {
    whole(policy, breaker, admission, retry_state).rejection()
}

#[cold]
#[inline(never)]
pub(super) fn refuse<R>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
) -> R
where
    R: ResultLike,
    R::Error: Refused,
{
    whole(policy, breaker, admission, retry_state).refuse()
}

#[inline(never)]
pub(super) fn enters<'l>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
) -> Option<BulkheadPermit<'l>> {
    fallback::enters(policy, breaker, limit, None)
}

#[inline(never)]
pub(super) fn enter_fallback<'l, E>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
    error: &mut Option<E>,
) -> Option<BulkheadPermit<'l>> {
    let permit = fallback::enters(policy, breaker, limit, None)?;
    *error = None;
    Some(permit)
}

#[cold]
#[inline(never)]
pub(super) fn turned_away<R>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
    limit: &Bulkhead,
    error: Option<R::Error>,
) -> R
where
    R: ResultLike,
    R::Error: TurnedAway,
{
    R::from_error(whole(policy, breaker, admission, retry_state).turned_away(limit, error))
}

/// What runs on this thread is no longer part of a probe, if it was.
#[cold]
#[inline(never)]
pub(super) fn drop_retry_state(retry_state: LazyRetryState) {
    if let Some(mut retry_state) = retry_state {
        retry_state.unmark();
        retry_state.end();
    }
}

#[inline(never)]
pub(super) fn enter_fallback_with_error<'l, E: Refused>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
    limit: &'l Bulkhead,
    error: Option<E>,
) -> Result<(BulkheadPermit<'l>, E), E> {
    whole(policy, breaker, admission, retry_state).enter_fallback_with_error(limit, error)
}

impl Call<'_> {
    /// What a blocking call goes on with. If it is a probe, what runs on this thread is part of it from here on.
    fn goes_on_blocking(mut self) -> (LazyRetryState, Admission) {
        self.polls();
        (self.retry_state.take(), self.take_admission())
    }
}
