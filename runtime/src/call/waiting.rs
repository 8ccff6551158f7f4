//! How a call waits: for an attempt, no longer than that may take, and between two of them.

use std::task::{Context, Poll};
use std::time::Duration;

use super::retry_state::Over;
use super::{Call, Step};
use crate::cause::{Cause, Description};
use crate::class::Outcome;
use crate::clock::Instant;
use crate::counts;
use crate::cut_off::{self, UnderWay};
use crate::event::Severity;
use crate::{Class, kill_switch, observer, request_budget};

/// An attempt that its request leaves less than this part of its own time says nothing about Redis when it is cut off.
const FAIR_SHARE: u32 = 10;

/// The shorter of two limits, either of which may not be there.
pub(super) fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (limit, None) | (None, limit) => limit,
    }
}

/// At `delay` from `now`; a delay beyond what the clock can tell is as good as for ever.
pub(super) fn after(now: Instant, delay: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    now.checked_add(delay).unwrap_or_else(|| now + FAR)
}

impl Call<'_> {
    /// The attempt has to wait. `true`: it has done so for too long, and counts as failed.
    #[inline(never)]
    pub(crate) fn times_out(&mut self, cx: &mut Context<'_>) -> bool {
        self.unmark();
        if !self.is_timed() {
            self.looks_for_overrides();
            let is_limited = self.timeout().is_some() || self.is_limited();
            if !is_limited || kill_switch::is_engaged() {
                return false;
            }
            let now = Instant::now();
            self.waits(now);
            let Some(limit) = self.attempt_limit(now) else {
                return false;
            };
            let retry_state = self.retry_state();
            retry_state.set_timer(after(now, limit));
            if !retry_state.poll_timer_at(cx, now) {
                return false;
            }
        } else if !self.retry_state().poll_timer(cx) {
            return false;
        }
        // What it means is known when the body is gone.
        self.retry_state().cut_off = true;
        cut_off::begin();
        true
    }

    /// Makes the pause before the next attempt, and asks for leave to make that.
    #[cold]
    #[inline(never)]
    pub(crate) fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.settles_injected();
        if std::mem::take(&mut self.retry_state().cut_off) {
            self.timed_out();
        }
        if self.over().is_some() {
            return Poll::Ready(false);
        }
        let delay = self.delay();
        if !delay.is_zero() {
            if !self.is_timed() {
                self.retry_state().set_timer(after(Instant::now(), delay));
            }
            if !self.retry_state().poll_timer(cx) {
                return Poll::Pending;
            }
        }
        Poll::Ready(self.begin_again())
    }

    /// The attempt has to wait: from now on it is timed.
    #[inline]
    pub(super) fn waits(&mut self, now: Instant) {
        if counts::ON {
            self.retry_state().timing.waits(now);
        }
    }

    /// The attempt was cut off. If there is to be no other one, the call is over.
    pub(super) fn timed_out(&mut self) {
        let timeout = self.timeout();
        let class = match cut_off::end() {
            UnderWay::NotRepeatable => Class::NotIdempotent,
            UnderWay::Repeatable => Class::Ambiguous,
            UnderWay::Unknown => self.policy().cut_off(),
        };
        // Asked before what comes of it is told, and again after: that takes its time.
        let description = self.description_of_cut_off(class, timeout);
        if self.retry_state().hurried {
            self.settle(Outcome::Neutral, &Cause::NONE);
        }
        if self.fails(class.into(), description) == Step::Pause {
            return;
        }
        let over = self.cut_off_by(timeout);
        self.retry_state().over = Some(over);
        self.tells_of_request_budget(over);
    }

    /// What has cut off the attempt, which had so much time.
    fn cut_off_by(&mut self, timeout: Option<Duration>) -> Over {
        match (self.out_of_time(), timeout) {
            (Some(over), _) => over,
            (None, Some(after)) => Over::Timeout(after),
            (None, None) => Over::Deadline,
        }
    }

    /// What the people on call are told of it, if anybody listens.
    fn description_of_cut_off(
        &mut self,
        class: Class,
        timeout: Option<Duration>,
    ) -> Option<Box<Description>> {
        if !observer::wants(Severity::Error) {
            return None;
        }
        let over = self.cut_off_by(timeout);
        let rejection = self.rejection_for(over);
        Some(Box::new(
            Description::of(class, &rejection).at(cut_off::address()),
        ))
    }

    /// How long the attempt that has just had to wait for the first time may go on; `None`: as long as it likes.
    pub(super) fn attempt_limit(&mut self, now: Instant) -> Option<Duration> {
        let own = shorter(self.timeout(), self.left_of_deadline(now));
        let Some(budget) = request_budget::current() else {
            return own;
        };
        let left = budget.left_at(now);
        self.retry_state().hurried = own.is_none_or(|own| left < own / FAIR_SHARE);
        shorter(own, Some(left))
    }

    /// How long this attempt may take, whatever is left of the deadline.
    fn timeout(&self) -> Option<Duration> {
        let as_probe = match self.breaker {
            Some(breaker) if self.admission.is_probe() => breaker.probe_timeout(),
            _ => None,
        };
        shorter(self.policy().timeout, as_probe)
    }

    /// Whether the timer runs for the attempt or pause under way.
    fn is_timed(&self) -> bool {
        self.retry_state
            .as_ref()
            .is_some_and(|retry_state| retry_state.timed)
    }
}
