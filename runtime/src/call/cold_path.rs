//! What a call does that does not succeed at once.

use std::time::Duration;

use super::retry_state::{Over, RetryState};
use super::{Call, CallSpan, Ending, Step, fallback, tally};
use crate::breaker::{Admission, Breaker};
use crate::cause::{self, Cause, Description};
use crate::class::Outcome;
use crate::class::lost_source;
use crate::clock;
use crate::counts::CallResult;
use crate::diagnosis::{Diagnosis, Remark};
use crate::event::{Event, LostSource, Next};
use crate::{
    Bulkhead, BulkheadPermit, Class, Rejection, kill_switch, observer, overrides, request_budget,
};

impl Call<'_> {
    /// Asks for leave to make the first attempt on a breaker that does not let it pass at once.
    // Not cold: while a circuit is open, every call comes this way.
    #[inline(never)]
    pub(super) fn begins_on(&mut self, breaker: &Breaker) -> bool {
        self.admission = breaker.refuses().unwrap_or_else(|| {
            self.looks_for_overrides();
            breaker.ask(self.longest_attempt())
        });
        !self.admission.is_refused()
    }

    /// Goes by what is in force now, until it ends.
    #[inline]
    pub(super) fn looks_for_overrides(&mut self) {
        if overrides::is_in_use() {
            self.finds_overrides();
        }
    }

    #[cold]
    #[inline(never)]
    fn finds_overrides(&mut self) {
        let policy = self.policy;
        self.retry_state()
            .said
            .get_or_insert_with(|| overrides::in_force(policy));
    }

    /// Whether the time of its request is used up before it begins: [`rejection`](Self::rejection) says so.
    // Not cold: where requests have a budget, every call comes this way.
    #[inline(never)]
    pub(super) fn comes_too_late(&mut self) -> bool {
        let over = match request_budget::current() {
            Some(budget) if budget.left_at(clock::now()).is_zero() => Over::RequestBudget {
                budget: budget.total(),
                attempted: false,
            },
            _ => return false,
        };
        if kill_switch::is_engaged() {
            return false;
        }
        self.retry_state().over = Some(over);
        self.tells_of_request_budget(over);
        if self.policy().fallback.is_some() {
            let rejection = || self.rejection_for(over);
            fallback::answers_for_rejection(Class::Rejected, rejection);
        }
        true
    }

    /// Asks for leave to make another attempt, after the pause. `false`: the call is over, and [`rejection`](Self::rejection) says why.
    pub fn begin_again(&mut self) -> bool {
        if let Some(over) = self.out_of_time() {
            self.retry_state().over = Some(over);
            self.tells_of_request_budget(over);
            if self.policy().fallback.is_some() {
                let rejection = || self.rejection_for(over);
                fallback::answers_for_rejection(Class::Ambiguous, rejection);
            }
            self.admission = Admission::REFUSED;
            return false;
        }
        self.admission = self.breaker.map_or(Admission::NONE, |breaker| {
            breaker.ask(self.longest_attempt())
        });
        if let Some(state) = &mut *self.retry_state {
            state.timing.again();
        }
        if self.admission.is_refused() {
            return false;
        }
        self.retries();
        true
    }

    pub(super) fn longest_attempt(&self) -> Duration {
        let longest = self.policy().timeout.or(self.policy().deadline);
        longest.unwrap_or_default()
    }

    /// The attempt gave an error.
    #[cold]
    #[inline(never)]
    pub fn failed(&mut self, diagnosis: Diagnosis) -> Step {
        // Without a remark nothing was left.
        let description = diagnosis.remark.and_then(|_| cause::take());
        let step = self.fails(diagnosis, description);
        // Where there is something else that may answer, what that comes to is counted.
        if step == Step::Return || (step == Step::Fallback && self.policy.fallback.is_none()) {
            tally::ended(self.policy, self.breaker, CallResult::Failed);
        }
        step
    }

    /// How a call ends that has no error of its own, and that nothing else answers.
    pub(super) fn result_without_answer(&self) -> CallResult {
        match (self.over(), self.breaker) {
            (None, Some(_)) => CallResult::Rejected,
            _ => CallResult::Failed,
        }
    }

    /// Why the call is over, which has no error of its own.
    #[cold]
    #[inline(never)]
    pub fn rejection(&mut self) -> Rejection {
        let admission = self.take_admission();
        match (self.over(), self.breaker) {
            (None, Some(breaker)) => breaker.refusal(admission),
            (over, _) => self.rejection_for(over.unwrap_or(Over::Deadline)),
        }
    }

    /// Of a call that has run out of this.
    pub(super) fn rejection_for(&self, over: Over) -> Rejection {
        let function = self.policy().name;
        match over {
            Over::Saturated { bulkhead, limit } => Rejection::Saturated { bulkhead, limit },
            #[cfg(feature = "chaos")]
            Over::Injected(fault) => Self::injected_rejection(function, fault),
            Over::Timeout(after) => Rejection::TimedOut { function, after },
            Over::RequestBudget { budget, attempted } => Rejection::RequestBudgetExceeded {
                function,
                budget,
                attempted,
            },
            Over::Deadline => Rejection::DeadlineExceeded {
                function,
                deadline: self.policy().deadline.unwrap_or_default(),
            },
        }
    }

    /// Asks for leave to run the fallback. `None`, which is told as well: too many calls are in it.
    #[inline(never)]
    pub fn enters<'l>(&self, limit: &'l Bulkhead) -> Option<BulkheadPermit<'l>> {
        fallback::enters(self.policy(), self.breaker, limit, Some(&self.retry_state))
    }

    /// The end of a call of which there is something left.
    #[cold]
    #[inline(never)]
    pub(super) fn end(&mut self) {
        let admission = self.take_admission();
        if let Some(mut retry_state) = self.retry_state.take() {
            // Else it was cancelled.
            if retry_state.is_retrying && self.breaker.is_some() && !admission.is_out() {
                retry_state.span.ends(Ending::Retried);
            }
            retry_state.unmark();
            retry_state.end();
        }
        if let Some(breaker) = self.breaker {
            breaker.abandoned(admission);
        }
    }

    /// The attempt failed, and its error says this.
    #[expect(clippy::inline_always, reason = "it is there but twice")]
    #[inline(always)]
    pub(super) fn fails(
        &mut self,
        diagnosis: Diagnosis,
        description: Option<Box<Description>>,
    ) -> Step {
        self.unmark();
        if CallSpan::is_wanted() {
            self.opens_span(diagnosis.class, description.as_deref());
        }
        let step = self.decides(diagnosis, description);
        self.leaves_span(step);
        tally::failed(self.policy, self.breaker, diagnosis.class, step);
        if let Some(state) = &*self.retry_state {
            tally::attempt_failed(self.policy, self.breaker, state);
        }
        step
    }

    /// What follows, of which observers and breaker are told.
    #[expect(clippy::inline_always, reason = "a part of `fails`")]
    #[inline(always)]
    fn decides(&mut self, diagnosis: Diagnosis, description: Option<Box<Description>>) -> Step {
        self.looks_for_overrides();
        let Diagnosis { class, remark } = diagnosis;
        let verdict = class.verdict(self.policy().says_idempotent());
        let attempt = self.failures().saturating_add(1);
        let function = self.policy().name;
        let cause = Cause {
            function: Some(function),
            class: Some(class),
            answered: verdict.fallback && self.answers_for(class),
            why: description.as_deref().into(),
        };
        // Where calls are counted, what comes of this one is known only when it is over.
        let counts_later = verdict.retry && self.counts_calls();
        if !counts_later {
            self.settle(verdict.breaker, &cause);
        }
        if remark == Some(Remark::LostSource) && lost_source::is_first_of(function) {
            observer::emit(&Event::LostSource(LostSource {
                function,
                attempt,
                breaker: self.breaker.map(Breaker::name),
                error: cause.error(),
            }));
        }
        if verdict.retry
            && let Some(delay) = self.plans_retry(attempt)
        {
            if self.can_afford_retry(attempt) {
                self.settle(Outcome::Neutral, &cause);
                let retry_state = self.retry_state();
                (retry_state.failed, retry_state.delay, retry_state.timed) =
                    (attempt, delay, false);
                self.tell_failed(attempt, remark, &cause, Next::Retry { delay });
                return Step::Pause;
            }
            self.tell_exhausted(attempt, class, &cause);
        }
        self.settle(verdict.breaker, &cause);
        if !verdict.fallback || !self.policy().falls_back_on(class) {
            self.tell_failed(attempt, remark, &cause, Next::Return);
            return Step::Return;
        }
        if self.policy().fallback.is_none() {
            self.tell_failed(attempt, remark, &cause, Next::Return);
        } else {
            self.tell_failed(attempt, remark, &cause, Next::Fallback);
            fallback::answers_for(class, description);
        }
        Step::Fallback
    }

    /// Whether there is a fallback for this.
    const fn answers_for(&self, class: Class) -> bool {
        self.policy.fallback.is_some() && self.policy.falls_back_on(class)
    }

    /// The pause to make before the next attempt.
    pub(super) fn delay(&self) -> Duration {
        self.retry_state
            .as_ref()
            .map_or(Duration::ZERO, |retry_state| retry_state.delay)
    }

    /// Whether the attempt under way is to be counted with its call only. A probe is waited for.
    pub(super) fn counts_calls(&self) -> bool {
        self.breaker.is_some_and(Breaker::counts_calls) && !self.admission.is_probe()
    }

    /// Once: an admission that is settled is gone.
    pub(super) fn settle(&mut self, outcome: Outcome, cause: &Cause<'_>) {
        let admission = self.take_admission();
        if let Some(breaker) = self.breaker
            && admission.is_out()
        {
            breaker.settle_by(admission, outcome, cause);
        }
    }

    /// Makes it if it is not there.
    pub(crate) fn retry_state(&mut self) -> &mut RetryState {
        self.retry_state.get_or_insert_with(RetryState::of_new_call)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn mark(&mut self) {
        let admission = self.admission;
        if let Some(breaker) = self.breaker
            && admission.is_probe()
        {
            self.retry_state().mark(breaker, admission);
        }
        if let Some(retry_state) = &mut *self.retry_state {
            retry_state.span.enter();
        }
    }

    /// The attempt is over, or has to wait.
    pub(crate) fn unmark(&mut self) {
        if let Some(retry_state) = &mut *self.retry_state {
            retry_state.unmark();
        }
    }

    pub(super) fn over(&self) -> Option<Over> {
        self.retry_state
            .as_ref()
            .and_then(|retry_state| retry_state.over)
    }

    pub(super) fn failures(&self) -> u32 {
        self.retry_state
            .as_ref()
            .map_or(0, |retry_state| retry_state.failed)
    }

    /// The delay before another attempt after so many, if there is one: not if it would be refused or come too late.
    fn plans_retry(&mut self, failed: u32) -> Option<Duration> {
        if failed > self.policy().retries || kill_switch::is_engaged() {
            return None;
        }
        let delay = self
            .policy()
            .backoff
            .delay(failed, self.delay(), fastrand::u32(..));
        if self
            .breaker
            .is_some_and(|breaker| breaker.retry_after() > delay)
        {
            return None;
        }
        if self.is_limited()
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
            Some(breaker) if self.policy().budgeted => breaker.budget.pays_for_retry(failed == 1),
            _ => true,
        }
    }
}
