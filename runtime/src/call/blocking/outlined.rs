//! What a blocking call does that does not succeed at once.
//!
//! It arrives in parts, and is put together again here.

use std::mem::ManuallyDrop;

use crate::breaker::{Admission, Breaker};
use crate::call::retry_state::LazyRetryState;
use crate::call::{Call, Step, fallback};
use crate::class::diagnosis::Diagnosis;
use crate::clock::{self, Instant};
use crate::policy::Settings;
use crate::result_like::{Refused, ResultLike, TurnedAway};
use crate::{Bulkhead, BulkheadPermit, Rejection};

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

// Not cold: while a circuit is open, every call comes this way.
#[inline(never)]
pub(super) fn begin(policy: &Settings, breaker: &Breaker) -> (LazyRetryState, Admission) {
    if let Some(refused) = breaker.refuses() {
        return (None, refused);
    }
    let mut call = Call::new(policy, Some(breaker));
    call.admission = breaker.ask(call.longest_attempt());
    call.goes_on_blocking()
}

// Not cold: where a breaker counts calls that succeed, every one comes this way.
#[inline(never)]
pub(super) fn succeeded(
    breaker: Option<&Breaker>,
    admission: Admission,
    retry_state: LazyRetryState,
) {
    if retry_state.is_some() {
        drop_retry_state(retry_state);
    }
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
        .get_or_insert_default()
        .as_mut()
        .project()
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
    clock::sleep(call.delay());
    call.begin_again();
    call.goes_on_blocking()
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
    R::from_error(R::Error::refused(rejection(
        policy,
        breaker,
        admission,
        retry_state,
    )))
}

#[inline(never)]
pub(super) fn enters<'l>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
) -> Option<BulkheadPermit<'l>> {
    fallback::enters(policy, breaker, limit)
}

#[inline(never)]
pub(super) fn enter_fallback<'l, E>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
    error: &mut Option<E>,
) -> Option<BulkheadPermit<'l>> {
    let permit = fallback::enters(policy, breaker, limit)?;
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
        retry_state.as_mut().unmark();
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
