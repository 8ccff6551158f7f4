//! What a call does for two attempts beside each other.

use std::mem;
use std::task::Context;

use super::waiting::after;
use super::{Call, tally};
use crate::breaker::{Admission, Breaker};
use crate::cause::{self, Cause};
use crate::class::Outcome;
use crate::clock::Instant;
use crate::diagnosis::Diagnosis;
use crate::event::{Event, HedgeWinner, Hedged, Next, Severity};
use crate::{kill_switch, observer};

/// When a hedge is due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HedgeTimer {
    /// The attempt has not had to wait yet.
    Unset,
    /// The call's timer runs until then, and has to be set to the end of the attempt afterwards.
    Set { end: Option<Instant> },
    /// There is none any more.
    Over,
}

impl HedgeTimer {
    pub(crate) const fn is_set(&self) -> bool {
        matches!(self, Self::Set { .. })
    }
}

/// Leave for the one of two attempts that the call is not at.
#[derive(Debug)]
pub(crate) struct OtherAdmission<'a> {
    breaker: Option<&'a Breaker>,
    admission: Admission,
}

impl OtherAdmission<'_> {
    /// The call is at the other one from now on.
    pub(crate) const fn swap(&mut self, call: &mut Call<'_>) {
        mem::swap(&mut self.admission, &mut call.admission);
    }
}

impl Drop for OtherAdmission<'_> {
    /// The one that lost counts for nothing, however the call ends.
    fn drop(&mut self) {
        if let Some(breaker) = self.breaker
            && self.admission.is_out()
        {
            breaker.settle(self.admission, Outcome::Neutral);
        }
    }
}

impl<'a> Call<'a> {
    /// The first attempt has to wait. Whether a hedge is due.
    pub(crate) fn awaits_hedge(&mut self, timer: &mut HedgeTimer, cx: &mut Context<'_>) -> bool {
        if matches!(timer, HedgeTimer::Unset) {
            // One probe is enough to learn whether Redis is back.
            if self.admission.is_probe() || kill_switch::is_engaged() {
                return false;
            }
            self.looks_for_overrides();
            let now = Instant::now();
            self.waits(now);
            let limit = self.attempt_limit(now);
            *timer = match self.policy().hedge {
                Some(delay) if limit.is_none_or(|limit| delay < limit) => {
                    self.retry_state().set_timer(after(now, delay));
                    HedgeTimer::Set {
                        end: limit.map(|limit| after(now, limit)),
                    }
                }
                _ => HedgeTimer::Over,
            };
        }
        let HedgeTimer::Set { end } = *timer else {
            return false;
        };
        if !self.retry_state().poll_timer(cx) {
            return false;
        }
        *timer = HedgeTimer::Over;
        if let Some(end) = end {
            self.retry_state().set_timer(end);
        }
        !kill_switch::is_engaged()
    }

    /// Leave for a hedge, which asks the breaker as every attempt does.
    pub(crate) fn admits_hedge(&self) -> Option<OtherAdmission<'a>> {
        let admission = self.breaker.map_or(Admission::NONE, |breaker| {
            breaker.ask(self.longest_attempt())
        });
        let is_probe = admission.is_probe();
        let other = OtherAdmission {
            breaker: self.breaker,
            admission,
        };
        (!is_probe && !admission.is_refused()).then_some(other)
    }

    pub(crate) fn hedge_started(&self) {
        tally::hedge_started(self.policy, self.breaker);
    }

    /// One of the two has been the first with an answer, or none has.
    pub(crate) fn hedge_ended(&self, started: bool, winner: HedgeWinner) {
        if started {
            self.tell_hedged(winner);
        }
    }

    #[cold]
    fn tell_hedged(&self, winner: HedgeWinner) {
        if winner == HedgeWinner::Hedge {
            tally::hedge_won(self.policy, self.breaker);
        }
        if observer::wants(Severity::Debug) {
            observer::emit(&Event::Hedged(Hedged {
                function: self.policy().name,
                after: self.policy().hedge.unwrap_or_default(),
                winner,
                breaker: self.breaker.map(Breaker::name),
            }));
        }
    }

    /// Does the function say that twice does no harm?
    pub(crate) fn says_idempotent(&self) -> bool {
        self.policy().says_idempotent() == Some(true)
    }

    /// Whether another attempt may give something else than an error that says this.
    pub(crate) fn is_worth_another(&self, diagnosis: Diagnosis) -> bool {
        diagnosis
            .class
            .verdict(self.policy().says_idempotent())
            .retry
    }

    /// One of the two attempts has failed, the other one is under way.
    #[cold]
    #[inline(never)]
    pub(crate) fn one_failed(&mut self, diagnosis: Diagnosis) {
        let description = diagnosis.remark.and_then(|_| cause::take());
        let class = diagnosis.class;
        let cause = Cause {
            function: Some(self.policy().name),
            class: Some(class),
            answered: false,
            why: description.as_deref().into(),
        };
        self.unmark();
        let outcome = if self.counts_calls() {
            Outcome::Neutral
        } else {
            class.verdict(self.policy().says_idempotent()).breaker
        };
        self.settle(outcome, &cause);
        let attempt = self.failures().saturating_add(1);
        self.tell_failed(attempt, diagnosis.remark, &cause, Next::Hedge);
        tally::one_failed(self.policy, self.breaker, class);
    }

    /// The attempt was cut off, and has an error nevertheless.
    pub(crate) fn forget_cut_off(&mut self) {
        self.retry_state().cut_off = false;
    }
}
