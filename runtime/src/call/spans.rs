//! What a call does with its span.

use super::{Call, CallSpan, Ending, Step};
use crate::Class;
use crate::breaker::Breaker;
use crate::cause::Description;

impl Call<'_> {
    /// Each call has a span, this one from its beginning.
    #[cold]
    #[inline(never)]
    pub(super) fn begins_span(&mut self) {
        if CallSpan::is_wanted() {
            let (function, breaker) = (self.policy.name, self.breaker.map(Breaker::name));
            self.retry_state().span = CallSpan::begin(function, breaker);
        }
    }

    /// The call has given a value.
    pub(super) fn ends_span_well(&self) {
        if let Some(state) = &*self.retry_state {
            state.span.ends(ending(state.failed));
        }
    }

    /// An attempt has failed: what is told of it, and what follows, is in the span.
    #[cold]
    #[inline(never)]
    pub(super) fn opens_span(&mut self, class: Class, why: Option<&Description>) {
        let (function, breaker) = (self.policy.name, self.breaker.map(Breaker::name));
        let state = self.retry_state();
        if state.span.is_open() {
            state.span.fails(class, why);
        } else {
            state.span = CallSpan::open(function, breaker, class, why);
        }
        state.span.enter();
        let attempt = state.failed.saturating_add(1);
        CallSpan::tells_attempt(attempt, class, why, state.is_injected);
    }

    /// All is told of the attempt.
    pub(super) fn leaves_span(&mut self, step: Step) {
        let has_fallback = self.policy.fallback.is_some();
        let Some(state) = &mut *self.retry_state else {
            return;
        };
        state.is_retrying = false;
        state.span.exit();
        match step {
            Step::Pause => {}
            Step::Fallback if has_fallback => state.span.gives_up(state.failed.saturating_add(1)),
            Step::Fallback | Step::Return => {
                state.span.gives_up(state.failed.saturating_add(1));
                state.span.ends(Ending::Error);
            }
        }
    }

    /// Another attempt begins: what runs on its thread is marked, if there is a span.
    pub(super) fn retries(&mut self) {
        if let Some(state) = &mut *self.retry_state {
            state.is_retrying = true;
            if state.span.is_open() {
                self.admission = self.admission.marked();
            }
        }
    }

    /// The caller gets a rejection instead of an answer.
    #[cold]
    #[inline(never)]
    pub(super) fn tells_refused(&mut self) {
        let has_span = self.has_span();
        if has_span && !self.has_span_without_failure() {
            return self.ends_span(Ending::Error);
        }
        // Looked at, and put back.
        let admission = self.admission;
        let why = Description::of(Class::Rejected, &self.rejection());
        self.admission = admission;
        if has_span {
            let state = self.retry_state();
            state.span.fails(Class::Rejected, Some(&why));
            return state.span.ends(Ending::Error);
        }
        let breaker = self.breaker.map(Breaker::name);
        CallSpan::open(self.policy.name, breaker, Class::Rejected, Some(&why)).ends(Ending::Error);
    }

    pub(super) fn ends_span(&self, ending: Ending) {
        if let Some(state) = &*self.retry_state {
            state.span.ends(ending);
        }
    }

    fn has_span_without_failure(&self) -> bool {
        self.retry_state
            .as_ref()
            .is_some_and(|state| state.span.is_without_failure())
    }

    fn has_span(&self) -> bool {
        self.retry_state
            .as_ref()
            .is_some_and(|state| state.span.is_open())
    }
}

/// Of a call that gave a value after so many attempts that failed.
pub(super) const fn ending(failed: u32) -> Ending {
    match failed {
        0 => Ending::Redis,
        _ => Ending::Retried,
    }
}
