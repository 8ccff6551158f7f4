//! One call of an annotated function: which attempt it is at, and what follows from each one's outcome.
//!
//! Not generic, so that one copy serves every annotated function; whatever is not on the path of a call that succeeds at once
//! is out of line.

use std::time::Duration;

use crate::breaker::{Breaker, Permit, Probing};
use crate::class::Settlement;
use crate::clock::{self, Instant};
use crate::policy::Policy;
use crate::telemetry::{self, Failure};
use crate::{Bulkhead, BulkheadPermit, Class, Rejection, kill_switch};

/// One call of an annotated function.
#[derive(Debug)]
pub struct Call<'a> {
    policy: &'a Policy,
    breaker: Option<&'a Breaker>,
    permit: Option<Permit<'a>>,
    /// Attempts that have failed.
    failed: u32,
    /// The pause before the next attempt, and what decorrelated jitter grows from.
    delay: Duration,
    /// When the deadline began to run.
    started: Option<Instant>,
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

impl<'a> Call<'a> {
    /// A call whose deadline runs from the moment it first has to wait: one that is answered at once reads no clock.
    #[inline]
    pub const fn new(policy: &'a Policy, breaker: Option<&'a Breaker>) -> Self {
        Self {
            policy,
            breaker,
            permit: None,
            failed: 0,
            delay: Duration::ZERO,
            started: None,
        }
    }

    /// A call whose deadline, if it has one, runs from now: the body is going to block.
    #[inline]
    pub fn started(policy: &'a Policy, breaker: Option<&'a Breaker>) -> Self {
        let mut call = Self::new(policy, breaker);
        if policy.deadline.is_some() {
            call.started = Some(clock::now());
        }
        call
    }

    /// A value of the attribute that was known only at run time and makes no sense.
    pub fn misconfigured(&self) -> Option<Rejection> {
        self.policy.problem()
    }

    /// Asks for leave to make an attempt. `Some`: refused, the call is over.
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    pub fn begin(&mut self) -> Option<Rejection> {
        if self.started.is_none() {
            match self.breaker {
                None => return None,
                Some(breaker) => {
                    if let Some(permit) = breaker.passes() {
                        // The last one is settled: nothing is there to be dropped.
                        std::mem::forget(self.permit.replace(permit));
                        return None;
                    }
                }
            }
        }
        self.begin_slow()
    }

    #[cold]
    #[inline(never)]
    fn begin_slow(&mut self) -> Option<Rejection> {
        if self.started.is_some() && self.failed > 0 && self.is_past_deadline() {
            return Some(self.deadline_exceeded());
        }
        let longest = self.policy.timeout.or(self.policy.deadline);
        match self.breaker?.acquire(longest.unwrap_or_default()) {
            Ok(permit) => {
                self.permit = Some(permit);
                None
            }
            Err(rejection) => Some(rejection),
        }
    }

    /// Marks what runs on this thread as part of the attempt, if that is the probe of a half-open circuit.
    #[inline]
    pub fn probing(&self) -> Option<Probing> {
        self.permit.as_ref()?.probing()
    }

    /// The attempt gave a value.
    #[inline]
    pub fn succeeded(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.success();
        }
    }

    /// The attempt gave an error.
    #[cold]
    #[inline(never)]
    pub fn failed(&mut self, class: Class) -> Step {
        let verdict = class.verdict(self.policy.idempotent);
        self.failed = self.failed.saturating_add(1);
        // Where calls are counted, what comes of this one is known only when it is over.
        let counts_later = verdict.retry && self.counts_calls();
        if !counts_later {
            self.settle(verdict.breaker);
        }
        let failure = Failure {
            function: self.policy.name,
            attempt: self.failed,
            class,
            breaker: self.breaker.map(Breaker::name),
        };
        if verdict.retry && self.plans_retry() {
            if self.can_afford_retry() {
                self.settle(Settlement::Neutral);
                telemetry::retry(failure, self.delay);
                return Step::Pause;
            }
            telemetry::budget_exhausted(failure);
            if let Some(breaker) = self.breaker {
                breaker.notify_exhausted();
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

    /// The attempt was cut off. `None`: pause, then try again. `Some`: the call is over.
    #[cold]
    #[inline(never)]
    pub fn timed_out(&mut self) -> Option<Rejection> {
        let timeout = self.timeout();
        match self.failed(Class::Ambiguous) {
            Step::Pause => None,
            Step::Fallback | Step::Return => Some(self.lateness(timeout)),
        }
    }

    /// Ends the call, and tells that the fallback answers from here on.
    ///
    /// By value: the breaker may be a part of what the fallback wants for itself.
    #[cold]
    pub fn falls_back(self) {
        telemetry::falls_back(self.policy.name, self.breaker.map(Breaker::name));
    }

    /// Ends the call, and asks for leave to run the fallback. `None`, which is told as well: too many calls are in it.
    ///
    /// By value, as [`falls_back`](Self::falls_back).
    #[cold]
    pub fn falls_back_within(self, limit: &Bulkhead) -> Option<BulkheadPermit<'_>> {
        let (function, breaker) = (self.policy.name, self.breaker.map(Breaker::name));
        let permit = limit.enter();
        if permit.is_some() {
            telemetry::falls_back(function, breaker);
        } else {
            telemetry::saturated(function, limit, breaker);
        }
        permit
    }

    /// The pause to make before the next attempt.
    pub(crate) const fn delay(&self) -> Duration {
        self.delay
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
        let as_probe = match (self.breaker, &self.permit) {
            (Some(breaker), Some(permit)) if permit.is_probe() => breaker.probe_timeout(),
            _ => None,
        };
        shorter(self.policy.timeout, as_probe)
    }

    /// What is left of the deadline, which begins to run now if it has not yet.
    fn time_left(&mut self, now: Instant) -> Option<Duration> {
        let deadline = self.policy.deadline?;
        let started = *self.started.get_or_insert(now);
        Some(deadline.saturating_sub(now.saturating_duration_since(started)))
    }

    /// Whether the attempt under way is to be counted with its call only. A probe is waited for.
    fn counts_calls(&self) -> bool {
        self.breaker.is_some_and(Breaker::counts_calls)
            && self
                .permit
                .as_ref()
                .is_some_and(|permit| !permit.is_probe())
    }

    /// Once: a permit that is settled is gone.
    fn settle(&mut self, outcome: Settlement) {
        if let Some(permit) = self.permit.take() {
            permit.settle(outcome);
        }
    }

    /// Whether there is another attempt, and after which delay: not if it would be refused or come too late.
    fn plans_retry(&mut self) -> bool {
        if self.failed > self.policy.retries || kill_switch::is_engaged() {
            return false;
        }
        let delay = self
            .policy
            .backoff
            .delay(self.failed, self.delay, fastrand::u32(..));
        if self
            .breaker
            .is_some_and(|breaker| breaker.retry_after() > delay)
        {
            return false;
        }
        if self.policy.deadline.is_some()
            && self
                .time_left(clock::now())
                .is_some_and(|left| delay >= left)
        {
            return false;
        }
        self.delay = delay;
        true
    }

    /// Whether the breaker's retry budget pays for the retry: asked last, for it is paid then.
    fn can_afford_retry(&self) -> bool {
        match self.breaker {
            Some(breaker) if self.policy.budgeted => {
                breaker.budget.pays_for_retry(self.failed == 1)
            }
            _ => true,
        }
    }

    #[cold]
    fn is_past_deadline(&mut self) -> bool {
        self.time_left(clock::now())
            .is_some_and(|left| left.is_zero())
    }

    fn lateness(&mut self, timeout: Option<Duration>) -> Rejection {
        match (self.is_past_deadline(), timeout) {
            (false, Some(after)) => Rejection::TimedOut {
                function: self.policy.name,
                after,
            },
            _ => self.deadline_exceeded(),
        }
    }

    fn deadline_exceeded(&self) -> Rejection {
        Rejection::DeadlineExceeded {
            function: self.policy.name,
            deadline: self.policy.deadline.unwrap_or_default(),
        }
    }
}

/// The shorter of two limits, either of which may not be there.
fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (limit, None) | (None, limit) => limit,
    }
}

/// Makes the pause before the next attempt by blocking the thread.
#[cold]
pub fn block(call: &mut Call<'_>) {
    clock::sleep(call.delay());
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
