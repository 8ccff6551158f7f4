//! What a call does that does not succeed at once.

use std::pin::Pin;
use std::time::Duration;

use super::retry_state::{Over, RetryState};
use super::{Call, Step, tally};
use crate::breaker::{Admission, Breaker, BreakerEvent};
use crate::class::Outcome;
use crate::class::diagnosis::{Diagnosis, Remark};
use crate::clock::{self, Instant};
use crate::policy::Policy;
use crate::telemetry::{self, Failure};
use crate::{Bulkhead, BulkheadPermit, Class, Rejection, kill_switch};

/// Tells that the fallback answers from here on.
#[inline(never)]
pub(super) fn falls_back(policy: &Policy, breaker: Option<&Breaker>) {
    tally::fell_back(policy, breaker);
    telemetry::falls_back(policy.name, breaker.map(Breaker::name));
}

/// Asks for leave to run the fallback. `None`, which is told as well: too many calls are in it.
#[inline]
pub(super) fn enters<'l>(
    policy: &Policy,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
) -> Option<BulkheadPermit<'l>> {
    let permit = limit.enter();
    tally::asked(policy, breaker, limit, permit.is_some());
    let (function, breaker) = (policy.name, breaker.map(Breaker::name));
    if permit.is_some() {
        telemetry::falls_back(function, breaker);
    } else {
        telemetry::saturated(function, limit, breaker);
    }
    permit
}

impl Call<'_> {
    /// Asks for leave to make the first attempt on a breaker that does not let it pass at once.
    // Not cold: while a circuit is open, every call comes this way.
    #[inline(never)]
    pub(super) fn begins_on(&mut self, breaker: &Breaker) -> bool {
        self.admission = breaker
            .refuses()
            .unwrap_or_else(|| breaker.ask(self.longest_attempt()));
        let is_refused = self.admission.is_refused();
        if is_refused {
            tally::refused(self.policy, breaker);
        }
        !is_refused
    }

    /// Asks for leave to make another attempt, after the pause. `false`: the call is over, and [`rejection`](Self::rejection) says why.
    pub fn begin_again(&mut self) -> bool {
        if self.has_started() && self.is_past_deadline() {
            *self.retry_state().project().over = Some(Over::Deadline);
            self.admission = Admission::REFUSED;
            return false;
        }
        self.admission = self.breaker.map_or(Admission::NONE, |breaker| {
            breaker.ask(self.longest_attempt())
        });
        !self.admission.is_refused()
    }

    pub(super) fn longest_attempt(&self) -> Duration {
        let longest = self.policy.timeout.or(self.policy.deadline);
        longest.unwrap_or_default()
    }

    /// The attempt gave an error.
    #[cold]
    #[inline(never)]
    pub fn failed(&mut self, diagnosis: Diagnosis) -> Step {
        let step = self.fails(diagnosis);
        tally::failed(self.policy, self.breaker, diagnosis.class, step);
        step
    }

    /// Why the call is over, which has no error of its own.
    #[cold]
    #[inline(never)]
    pub fn rejection(&mut self) -> Rejection {
        let function = self.policy.name;
        let admission = self.take_admission();
        match (self.over(), self.breaker) {
            (None, Some(breaker)) => breaker.refusal(admission),
            (Some(Over::Timeout(after)), _) => Rejection::TimedOut { function, after },
            (Some(Over::Deadline), _) | (None, None) => Rejection::DeadlineExceeded {
                function,
                deadline: self.policy.deadline.unwrap_or_default(),
            },
        }
    }

    /// Asks for leave to run the fallback. `None`, which is told as well: too many calls are in it.
    #[inline(never)]
    pub fn enters<'l>(&self, limit: &'l Bulkhead) -> Option<BulkheadPermit<'l>> {
        enters(self.policy, self.breaker, limit)
    }

    /// The end of a call of which there is something left.
    #[cold]
    #[inline(never)]
    pub(super) fn end(&mut self) {
        let admission = self.take_admission();
        if let Some(mut retry_state) = self.retry_state.take() {
            retry_state.as_mut().unmark();
        }
        if let Some(breaker) = self.breaker {
            breaker.abandoned(admission);
        }
    }

    pub(super) fn fails(&mut self, diagnosis: Diagnosis) -> Step {
        let Diagnosis { class, remark } = diagnosis;
        let verdict = class.verdict(self.policy.says_idempotent());
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
        if remark == Some(Remark::LostSource) {
            telemetry::lost_source(failure);
        }
        if verdict.retry
            && let Some(delay) = self.plans_retry(failed)
        {
            if self.can_afford_retry(failed) {
                self.settle(Outcome::Neutral);
                let retry_state = self.retry_state().project();
                (*retry_state.failed, *retry_state.delay, *retry_state.timed) =
                    (failed, delay, false);
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
        if !verdict.fallback || !self.policy.falls_back_on(class) {
            return Step::Return;
        }
        if class == Class::Misconfigured && self.policy.fallback.is_some() {
            let code = match remark {
                Some(Remark::Code(code)) => Some(code.label()),
                Some(Remark::LostSource) | None => None,
            };
            telemetry::misconfigured(failure, code);
        }
        Step::Fallback
    }

    /// The pause to make before the next attempt.
    pub(super) fn delay(&self) -> Duration {
        self.retry_state
            .as_ref()
            .map_or(Duration::ZERO, |retry_state| retry_state.delay)
    }

    /// Whether the attempt under way is to be counted with its call only. A probe is waited for.
    fn counts_calls(&self) -> bool {
        self.breaker.is_some_and(Breaker::counts_calls) && !self.admission.is_probe()
    }

    /// Once: an admission that is settled is gone.
    fn settle(&mut self, outcome: Outcome) {
        let admission = self.take_admission();
        if let Some(breaker) = self.breaker
            && admission.is_out()
        {
            breaker.settle(admission, outcome);
        }
    }

    /// Makes it if it is not there.
    pub(crate) fn retry_state(&mut self) -> Pin<&mut RetryState> {
        self.retry_state.get_or_insert_default().as_mut()
    }

    #[cold]
    #[inline(never)]
    pub(super) fn mark(&mut self) {
        let admission = self.admission;
        if let Some(breaker) = self.breaker {
            self.retry_state().mark(breaker, admission);
        }
    }

    /// The attempt is over, or has to wait.
    pub(super) fn unmark(&mut self) {
        if let Some(retry_state) = &mut *self.retry_state {
            retry_state.as_mut().unmark();
        }
    }

    pub(super) fn over(&self) -> Option<Over> {
        self.retry_state
            .as_ref()
            .and_then(|retry_state| retry_state.over)
    }

    fn failures(&self) -> u32 {
        self.retry_state
            .as_ref()
            .map_or(0, |retry_state| retry_state.failed)
    }

    fn has_started(&self) -> bool {
        self.retry_state
            .as_ref()
            .is_some_and(|retry_state| retry_state.started.is_some())
    }

    /// What is left of the deadline, which begins to run now if it has not yet.
    pub(super) fn time_left(&mut self, now: Instant) -> Option<Duration> {
        let deadline = self.policy.deadline?;
        let started = *self.retry_state().project().started.get_or_insert(now);
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

    pub(super) fn is_past_deadline(&mut self) -> bool {
        self.policy.deadline.is_some()
            && self
                .time_left(clock::now())
                .is_some_and(|left| left.is_zero())
    }
}
