//! One call of an annotated function: which attempt it is at, and what follows from each one's outcome.
//!
//! What is on the path of a call that succeeds at once is inlined into every annotated function. The rest is out of line, and reached in
//! few instructions, for those are there once for each function.

mod blocking;
mod cold_path;
#[cfg(feature = "chaos")]
mod faced;
mod fallback;
mod hedging;
#[cfg_attr(not(feature = "chaos"), path = "call/injection/absent.rs")]
mod injection;
mod permit;
mod retry_state;
#[cfg_attr(not(feature = "tracing"), path = "call/span/absent.rs")]
mod span;
mod spans;
mod tally;
mod time_left;
mod told;
mod waiting;

pub use blocking::BlockingCall;
#[cfg(feature = "chaos")]
pub use faced::{Faced, Faults, ViaFault, ViaNoFault};
pub(crate) use hedging::{HedgeTimer, OtherAdmission};
pub(crate) use injection::AttemptFault;
use retry_state::LazyRetryState;
use span::{CallSpan, Ending};
pub use span::{LeftSpan, in_span, left_span};
pub use tally::Handed;

use std::mem::ManuallyDrop;

use crate::breaker::{Admission, Breaker};
use crate::counts::{self, CallResult};
use crate::result_like::{Refused, ResultLike, TurnedAway, no_room};
use crate::settings::Settings;
use crate::{Bulkhead, BulkheadPermit, Rejection, request_budget};

/// One call of an annotated async function. It is in that one's future, and what is out of line gets a reference to it.
#[derive(Debug)]
pub struct Call<'a> {
    policy: &'a Settings,
    breaker: Option<&'a Breaker>,
    /// Of the attempt that is under way, or of one that was refused.
    admission: Admission,
    /// Taken out by the call's own `drop`: nothing more is to be looked up at the end of the function.
    retry_state: ManuallyDrop<LazyRetryState>,
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
    /// What it goes by: as its attribute says, unless something else was said when it first had to wait or failed.
    #[inline(always)]
    pub(crate) fn policy(&self) -> &Settings {
        #[cfg(feature = "overrides")]
        if let Some(retry_state) = &*self.retry_state
            && let Some(Some(policy)) = &retry_state.said
        {
            return policy;
        }
        self.policy
    }

    /// A call whose deadline runs from the moment it first has to wait: one that is answered at once reads no clock.
    #[inline(always)]
    pub fn new(policy: &'a Settings, breaker: Option<&'a Breaker>) -> Self {
        let mut call = Self {
            policy,
            breaker,
            admission: Admission::NONE,
            retry_state: ManuallyDrop::new(tally::begins()),
        };
        if CallSpan::is_for_all() {
            call.begins_span();
        }
        call
    }

    /// A value of the attribute that was known only at run time and makes no sense.
    #[inline(always)]
    pub fn misconfigured(&self) -> Option<Rejection> {
        let problem = self.policy.problem()?;
        tally::ended(self.policy, self.breaker, CallResult::Failed);
        Some(problem)
    }

    /// Asks for leave to make the first attempt. `false`: the call is over, and [`rejection`](Self::rejection) says why.
    #[inline(always)]
    #[must_use]
    pub fn begin(&mut self) -> bool {
        if request_budget::is_in_use() && self.comes_too_late() {
            return false;
        }
        let Some(breaker) = self.breaker else {
            return true;
        };
        if let Some(admission) = breaker.passes() {
            self.admission = admission;
            return true;
        }
        self.begins_on(breaker)
    }

    /// Marks what runs on this thread from here on as part of the attempt, if that is the probe of a half-open circuit, or has a span.
    ///
    /// It is unmarked when the attempt is over or has to wait, and by dropping the call, as a panic does.
    #[inline(always)]
    pub(crate) fn polls(&mut self) {
        if self.admission.is_marked() || (CallSpan::OF_ALL && self.retry_state.is_some()) {
            self.mark();
        }
    }

    /// The attempt gave a value, and the call is over.
    #[inline(always)]
    pub fn succeeded(&mut self) {
        let admission = self.take_admission();
        if let Some(breaker) = self.breaker {
            breaker.succeeded(admission);
        }
        if CallSpan::OF_ALL {
            self.ends_span_well();
        }
        if counts::ON {
            match &*self.retry_state {
                None => tally::ended(self.policy, self.breaker, CallResult::Redis),
                Some(state) => tally::answered(self.policy, self.breaker, state),
            }
        }
    }

    /// The function's own `Err`, which says why the call is over.
    #[cold]
    #[inline(never)]
    pub fn refuse<R>(&mut self) -> R
    where
        R: ResultLike,
        R::Error: Refused,
    {
        if CallSpan::is_wanted() {
            self.tells_refused();
        }
        tally::ended(self.policy, self.breaker, self.result_without_answer());
        R::from_error(R::Error::refused(self.rejection()))
    }

    /// What counts the end of a call which something else is to answer.
    #[inline(always)]
    pub fn hands_over(&self) -> Handed {
        Handed::by(self.policy, self.breaker)
    }

    /// Leave to run the fallback, or what a call returns for which there is no room: its own error, or why it is over.
    ///
    /// # Errors
    /// If there is no room.
    #[inline(never)]
    pub fn enter_fallback<'l, E: TurnedAway>(
        &mut self,
        limit: &'l Bulkhead,
        error: Option<E>,
    ) -> Result<BulkheadPermit<'l>, E> {
        // Spelled out: a closure would have the error moved.
        match self.enters(limit) {
            Some(permit) => Ok(permit),
            None => Err(self.turned_away(limit, error)),
        }
    }

    #[cold]
    fn turned_away<E: TurnedAway>(&mut self, limit: &Bulkhead, error: Option<E>) -> E {
        self.ends_span(Ending::Error);
        error.unwrap_or_else(|| E::turned_away(no_room(self.rejection(), limit)))
    }

    /// As [`enter_fallback`](Self::enter_fallback), for one that is a closure and gets the error.
    ///
    /// # Errors
    /// If there is no room.
    #[inline(never)]
    pub fn enter_fallback_with_error<'l, E: Refused>(
        &mut self,
        limit: &'l Bulkhead,
        error: Option<E>,
    ) -> Result<(BulkheadPermit<'l>, E), E> {
        let permit = self.enters(limit);
        let error = error.unwrap_or_else(|| {
            let why = self.rejection();
            E::refused(match &permit {
                Some(_) => why,
                None => no_room(why, limit),
            })
        });
        let Some(permit) = permit else {
            self.ends_span(Ending::Error);
            return Err(error);
        };
        Ok((permit, error))
    }

    /// Tells that the fallback answers from here on.
    #[inline(always)]
    pub fn falls_back(&self) {
        fallback::falls_back(self.policy, self.breaker, Some(&self.retry_state));
    }

    /// Tells that there is an answer already, which is as good as a fallback's.
    #[inline(always)]
    pub fn is_answered(&self) {
        fallback::falls_back(self.policy, self.breaker, None);
        self.ends_span(Ending::Fallback);
    }

    #[inline(always)]
    const fn take_admission(&mut self) -> Admission {
        std::mem::replace(&mut self.admission, Admission::NONE)
    }
}

impl Drop for Call<'_> {
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    fn drop(&mut self) {
        // One test of both, which takes fewer instructions than one after the other.
        if self.admission.is_out() | self.retry_state.is_some() {
            self.end();
        }
    }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
