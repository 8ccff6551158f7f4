//! One call of an annotated sync function.
//!
//! Its parts stay in registers, and what is out of line is handed them one by one: with a reference to it, the whole would have to stand
//! in memory from the beginning, and to be written there by every call. For the same reason what ends the call takes it by value: nothing
//! is left to be dropped but by a panic.

mod outlined;

use std::mem::{self, ManuallyDrop};

use super::retry_state::LazyRetryState;
use super::{Handed, Step, fallback, injection, tally};
use crate::breaker::{Admission, Breaker};
use crate::clock::Instant;
use crate::counts::{self, CallResult};
use crate::diagnosis::Diagnosis;
use crate::result_like::{Refused, ResultLike, TurnedAway};
use crate::settings::Settings;
use crate::{Bulkhead, BulkheadPermit, Rejection, request_budget};

/// One call of an annotated sync function.
#[derive(Debug)]
pub struct BlockingCall<'a> {
    policy: &'a Settings,
    breaker: Option<&'a Breaker>,
    /// Of the attempt that is under way, or of one that was refused.
    admission: Admission,
    retry_state: ManuallyDrop<LazyRetryState>,
}

#[expect(clippy::inline_always, reason = "a call costs more than what these do")]
impl<'a> BlockingCall<'a> {
    /// A call that has not begun.
    #[inline(always)]
    pub fn new(policy: &'a Settings, breaker: Option<&'a Breaker>) -> Self {
        Self {
            policy,
            breaker,
            admission: Admission::NONE,
            retry_state: ManuallyDrop::new(tally::begins()),
        }
    }

    /// A value of the attribute that was known only at run time and makes no sense.
    #[inline(always)]
    pub fn misconfigured(&self) -> Option<Rejection> {
        let problem = self.policy.problem()?;
        tally::ended(self.policy, self.breaker, CallResult::Failed);
        Some(problem)
    }

    /// Asks for leave to make the first attempt. `false`: the call is over, and [`rejection`](Self::rejection) says why.
    ///
    /// Until the attempt is over, what runs on this thread is part of it.
    #[inline(always)]
    #[must_use]
    pub fn begin(&mut self) -> bool {
        if request_budget::is_in_use() {
            self.retry_state = ManuallyDrop::new(outlined::too_late(self.policy, self.breaker));
            if self.retry_state.is_some() {
                return false;
            }
        }
        let Some(breaker) = self.breaker else {
            return self.meets_faults();
        };
        if let Some(admission) = breaker.passes() {
            self.admission = admission;
            return self.meets_faults();
        }
        let (retry_state, admission) = outlined::begin(self.policy, breaker);
        if counts::ON && retry_state.is_some() {
            // A probe: it is not timed.
            drop(self.retry_state.take());
        }
        if !counts::ON || retry_state.is_some() {
            self.retry_state = ManuallyDrop::new(retry_state);
        }
        self.admission = admission;
        !admission.is_refused() && self.meets_faults()
    }

    /// As [`Call::acquire`](super::Call::acquire).
    #[inline(always)]
    pub fn acquire<'l>(&mut self, limit: &'l Bulkhead) -> Option<BulkheadPermit<'l>> {
        if let Some(permit) = limit.enter() {
            return Some(permit);
        }
        let (admission, retry_state) = self.take();
        let (retry_state, admission, permit) =
            outlined::saturated(self.policy, self.breaker, admission, retry_state, limit);
        self.retry_state = ManuallyDrop::new(retry_state);
        self.admission = admission;
        permit
    }

    /// The attempt gave a value, and the call is over.
    #[inline(always)]
    pub fn succeeded(self) {
        let is_quiet = self.breaker.is_none_or(Breaker::is_quiet);
        // One test of both, which takes fewer instructions than one after the other.
        if is_quiet & self.retry_state.is_none() {
            tally::ended(self.policy, self.breaker, CallResult::Redis);
            mem::forget(self);
        } else {
            let (policy, breaker) = (self.policy, self.breaker);
            let (admission, retry_state) = self.into_parts();
            outlined::succeeded(policy, breaker, admission, retry_state);
        }
    }

    /// The attempt gave an error. After all but [`Step::Pause`] nothing is left of the call, and [`end`](Self::end) is free.
    #[inline(always)]
    pub fn failed(&mut self, diagnosis: Diagnosis) -> Step {
        let (admission, retry_state) = self.take();
        let (retry_state, step) =
            outlined::failed(self.policy, self.breaker, admission, retry_state, diagnosis);
        self.retry_state = ManuallyDrop::new(retry_state);
        step
    }

    /// As [`failed`](Self::failed), where a deadline has been running since then.
    #[inline(always)]
    pub fn failed_since(&mut self, started: Instant, diagnosis: Diagnosis) -> Step {
        let (admission, retry_state) = self.take();
        let (retry_state, step) = outlined::failed_since(
            self.policy,
            self.breaker,
            admission,
            retry_state,
            diagnosis,
            started,
        );
        self.retry_state = ManuallyDrop::new(retry_state);
        step
    }

    /// Makes the pause before the next attempt, and asks for leave to make that. `false`: the call is over, as by [`begin`](Self::begin).
    #[inline(always)]
    pub fn pause(&mut self) -> bool {
        let (_, retry_state) = self.take();
        let (retry_state, admission) = outlined::pause(self.policy, self.breaker, retry_state);
        self.retry_state = ManuallyDrop::new(retry_state);
        self.admission = admission;
        !admission.is_refused() && self.meets_faults()
    }

    /// As [`pause`](Self::pause), of a call whose attempts meet their faults elsewhere.
    #[cfg(feature = "chaos")]
    pub fn pause_alone(&mut self) -> bool {
        let (_, retry_state) = self.take();
        let (retry_state, admission) = outlined::pause(self.policy, self.breaker, retry_state);
        self.retry_state = ManuallyDrop::new(retry_state);
        self.admission = admission;
        !admission.is_refused()
    }

    /// What chaos does to the attempt that begins now; a delay is over by then.
    #[cfg(feature = "chaos")]
    pub fn faces(&mut self, can_fail: bool) -> super::Faced {
        super::faced::faces_blocking(self.policy.name, &mut self.retry_state, can_fail)
    }

    /// What is told next of it was made by chaos.
    #[cfg(feature = "chaos")]
    pub(super) fn marks_injected(&mut self) {
        super::faced::marks(&mut self.retry_state);
    }

    /// What chaos does before the body runs. `false`: the call is over.
    #[inline(always)]
    fn meets_faults(&mut self) -> bool {
        if !injection::is_armed() {
            return true;
        }
        let (admission, retry_state) = self.take();
        let (retry_state, admission, goes_on) =
            outlined::meets_faults(self.policy, self.breaker, admission, retry_state);
        self.retry_state = ManuallyDrop::new(retry_state);
        self.admission = admission;
        goes_on
    }

    /// Whether chaos loses what the body has answered: then the attempt has failed, and [`pause`](Self::pause) says what follows.
    #[inline(always)]
    pub fn loses_reply(&mut self) -> bool {
        if !injection::is_armed() {
            return false;
        }
        let (admission, retry_state) = self.take();
        let (retry_state, admission, loses) =
            outlined::loses_reply(self.policy, self.breaker, admission, retry_state);
        self.retry_state = ManuallyDrop::new(retry_state);
        self.admission = admission;
        loses
    }

    /// Why the call is over, which has no error of its own.
    #[inline(always)]
    pub fn rejection(&mut self) -> Rejection {
        let (admission, retry_state) = self.take();
        outlined::rejection(self.policy, self.breaker, admission, retry_state)
    }

    /// The function's own `Err`, which says why the call is over.
    #[inline(always)]
    pub fn refuse<R>(self) -> R
    where
        R: ResultLike,
        R::Error: Refused,
    {
        let (policy, breaker) = (self.policy, self.breaker);
        let (admission, retry_state) = self.into_parts();
        outlined::refuse(policy, breaker, admission, retry_state)
    }

    /// As [`Call::hands_over`](super::Call::hands_over).
    #[inline(always)]
    pub fn hands_over(&self) -> Handed {
        Handed::by(self.policy, self.breaker)
    }

    /// As [`Call::enters`].
    #[inline(always)]
    pub fn enters(self, limit: &Bulkhead) -> Option<BulkheadPermit<'_>> {
        let permit = outlined::enters(self.policy, self.breaker, limit);
        self.gives_up();
        permit
    }

    /// Leave to run the fallback, in which case the error is gone.
    #[inline(always)]
    pub fn enter_fallback<'l, E>(
        &self,
        limit: &'l Bulkhead,
        error: &mut Option<E>,
    ) -> Option<BulkheadPermit<'l>> {
        outlined::enter_fallback(self.policy, self.breaker, limit, error)
    }

    /// What a call returns for which there is no room in the fallback: its own error, or why it is over.
    #[inline(always)]
    pub fn turned_away<R>(self, limit: &Bulkhead, error: Option<R::Error>) -> R
    where
        R: ResultLike,
        R::Error: TurnedAway,
    {
        let (policy, breaker) = (self.policy, self.breaker);
        let (admission, retry_state) = self.into_parts();
        outlined::turned_away(policy, breaker, admission, retry_state, limit, error)
    }

    /// As [`Call::enter_fallback_with_error`].
    ///
    /// # Errors
    /// If there is no room.
    #[inline(always)]
    pub fn enter_fallback_with_error<E: Refused>(
        self,
        limit: &Bulkhead,
        error: Option<E>,
    ) -> Result<(BulkheadPermit<'_>, E), E> {
        let (policy, breaker) = (self.policy, self.breaker);
        let (admission, retry_state) = self.into_parts();
        outlined::enter_fallback_with_error(policy, breaker, admission, retry_state, limit, error)
    }

    /// Ends the call, and tells that the fallback answers from here on.
    #[inline(always)]
    pub fn falls_back(self) {
        fallback::falls_back(self.policy, self.breaker, None);
        self.gives_up();
    }

    /// As [`Call::is_answered`](super::Call::is_answered).
    #[inline(always)]
    pub fn is_answered(self) {
        self.falls_back();
    }

    /// Ends a call that has failed, or was refused.
    #[inline(always)]
    pub fn gives_up(self) {
        if self.retry_state.is_some() {
            let (_, retry_state) = self.into_parts();
            outlined::drop_retry_state(retry_state);
        } else {
            mem::forget(self);
        }
    }

    /// Ends a call that has failed for good.
    #[inline(always)]
    pub fn end(self) {
        mem::forget(self);
    }

    #[inline(always)]
    fn take(&mut self) -> (Admission, LazyRetryState) {
        let admission = mem::replace(&mut self.admission, Admission::NONE);
        (admission, self.retry_state.take())
    }

    #[inline(always)]
    fn into_parts(mut self) -> (Admission, LazyRetryState) {
        let parts = self.take();
        mem::forget(self);
        parts
    }
}

impl Drop for BlockingCall<'_> {
    #[expect(clippy::inline_always, reason = "a reference to it is not to be made")]
    #[inline(always)]
    fn drop(&mut self) {
        let (admission, retry_state) = self.take();
        outlined::end(self.breaker, admission, retry_state);
    }
}
