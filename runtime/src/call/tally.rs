//! What functions tell of their calls: counted where an attempt fails, or there is no room. Not where an open circuit refuses: that goes on for as
//! long as the outage, from all threads, and is to cost nothing but the look at the breaker.
//!
//! With the feature `counts` also how each call ends, in what only its thread writes.

use super::Step;
use super::retry_state::{LazyRetryState, RetryState};
use crate::Bulkhead;
use crate::Class;
use crate::breaker::Breaker;
use crate::counts::{self, CallResult, Id, Timing};
use crate::function::{Follows, Function, Told};
use crate::result_like::ResultLike;
use crate::settings::Settings;

/// An attempt failed.
pub(super) fn failed(policy: &Settings, breaker: Option<&Breaker>, class: Class, step: Step) {
    let follows = match step {
        Step::Pause => Follows::Retry,
        Step::Fallback if policy.fallback.is_some() => Follows::Fallback,
        Step::Fallback | Step::Return => Follows::Error,
    };
    let function = of(policy, breaker);
    if policy.function.is_none() {
        // Each call may have other values.
        say(function, policy, breaker);
    }
    function.failed(class, follows);
}

/// One of two attempts failed, the other one is under way.
pub(super) fn one_failed(policy: &Settings, breaker: Option<&Breaker>, class: Class) {
    of(policy, breaker).failed(class, Follows::Hedge);
}

/// A hedge was started.
pub(super) fn hedge_started(policy: &Settings, breaker: Option<&Breaker>) {
    of(policy, breaker).hedged();
}

/// It was the first with an answer.
pub(super) fn hedge_won(policy: &Settings, breaker: Option<&Breaker>) {
    of(policy, breaker).hedge_won();
}

/// There was no permit for an attempt.
pub(super) fn no_permit(policy: &Settings, breaker: Option<&Breaker>) {
    of(policy, breaker).turned_away();
}

/// There was no room in the fallback.
#[cold]
pub(super) fn turned_away(policy: &Settings, breaker: Option<&Breaker>, limit: &Bulkhead) {
    let function = of(policy, breaker);
    function.falls_back_within(limit.name(), limit.limit());
    function.turned_away();
    limit.note_refusal();
}

/// Listed from now on.
#[inline]
fn of(policy: &Settings, breaker: Option<&Breaker>) -> &'static Function {
    match policy.function {
        Some(function) if function.is_listed() => function,
        _ => listed(policy, breaker),
    }
}

#[cold]
#[inline(never)]
fn listed(policy: &Settings, breaker: Option<&Breaker>) -> &'static Function {
    let function = match policy.function {
        Some(function) => function,
        None => Function::by_name(policy.name),
    };
    if !function.is_listed() {
        function.enter_list(told(policy, breaker));
    }
    function
}

#[cold]
#[inline(never)]
fn say(function: &Function, policy: &Settings, breaker: Option<&Breaker>) {
    function.say(told(policy, breaker));
}

fn told(policy: &Settings, breaker: Option<&Breaker>) -> Told {
    Told {
        name: policy.name,
        policy: policy.numbers(),
        breaker: breaker.map(Breaker::name),
    }
}

/// What a call begins with: nothing, unless it is one that is timed.
#[expect(clippy::inline_always, reason = "a call costs more than what it does")]
#[inline(always)]
pub(super) fn begins() -> LazyRetryState {
    if counts::ON && counts::is_sampled() {
        Some(sampled())
    } else {
        None
    }
}

#[cold]
#[inline(never)]
fn sampled() -> Box<RetryState> {
    let mut state = RetryState::of_new_call();
    state.timing = Timing::sampled();
    state
}

/// A call that ended like this.
#[expect(clippy::inline_always, reason = "a call costs more than what it does")]
#[inline(always)]
pub(super) fn ended(policy: &Settings, breaker: Option<&Breaker>, result: CallResult) {
    if counts::ON {
        match policy.function.and_then(|function| function.slot.get()) {
            Some(id) => counts::add(id, result),
            None => ended_elsewhere(policy, breaker, result),
        }
    }
}

#[inline(never)]
fn ended_elsewhere(policy: &Settings, breaker: Option<&Breaker>, result: CallResult) {
    if let Some(id) = id_of(policy, breaker) {
        counts::add(id, result);
    }
}

/// A call that gave a value and of which there is something left.
#[inline(never)]
pub(super) fn answered(policy: &Settings, breaker: Option<&Breaker>, state: &RetryState) {
    if !counts::ON {
        return;
    }
    let result = match state.failed {
        0 => CallResult::Redis,
        _ => CallResult::Retried,
    };
    took(policy, breaker, state, true);
    ended(policy, breaker, result);
}

/// An attempt that has failed.
pub(super) fn attempt_failed(policy: &Settings, breaker: Option<&Breaker>, state: &RetryState) {
    if counts::ON {
        took(policy, breaker, state, false);
    }
}

fn took(policy: &Settings, breaker: Option<&Breaker>, state: &RetryState, answered: bool) {
    if let Some((took, times)) = state.timing.took()
        && let Some(id) = id_of(policy, breaker)
    {
        counts::record(id, answered, took, times);
    }
}

/// Where the function's calls are counted. It is listed from now on.
fn id_of(policy: &Settings, breaker: Option<&Breaker>) -> Option<Id> {
    let known = match policy.function {
        Some(function) => function.slot.get(),
        None => counts::remembered(policy.name),
    };
    if known.is_some() || !counts::ON {
        return known;
    }
    let id = listed(policy, breaker).slot.assign()?;
    if policy.function.is_none() {
        counts::remember(policy.name, id);
    }
    Some(id)
}

/// Where the end of a call is counted that something else than Redis is to answer: kept beyond the call.
#[derive(Clone, Copy, Debug)]
pub struct Handed {
    #[cfg(feature = "counts")]
    to: Option<Id>,
}

impl Handed {
    #[inline]
    pub(super) fn by(policy: &Settings, breaker: Option<&Breaker>) -> Self {
        #[cfg(feature = "counts")]
        return Self {
            to: id_of(policy, breaker),
        };
        #[cfg(not(feature = "counts"))]
        {
            let _ = (policy, breaker);
            Self {}
        }
    }

    #[inline]
    fn ends(self, result: CallResult) {
        #[cfg(feature = "counts")]
        if let Some(id) = self.to {
            counts::add(id, result);
        }
        #[cfg(not(feature = "counts"))]
        let _ = (self, result);
    }

    /// The call has ended with what the fallback of this number, from 0, has come to.
    #[inline]
    pub fn fell<R: ResultLike>(self, number: usize, result: &R) {
        if counts::ON {
            self.ends(match result.error() {
                None => CallResult::fallback(number),
                Some(_) => CallResult::Failed,
            });
        }
    }

    /// The same of a fallback that may say that the write waits.
    #[inline]
    pub fn fell_or_queued<R: ResultLike>(self, number: usize, queued: bool, result: &R) {
        if counts::ON && queued {
            self.ends(CallResult::Queued);
        } else {
            self.fell(number, result);
        }
    }

    /// The same where the last good value may stand in: `fell` says whether the fallback gave a value.
    #[inline]
    pub fn fell_or_stale<R: ResultLike>(self, number: usize, fell: bool, result: &R) {
        if counts::ON {
            self.ends(match result.error() {
                None if fell => CallResult::fallback(number),
                None => CallResult::Stale,
                Some(_) => CallResult::Failed,
            });
        }
    }

    /// Nothing has answered, unless the last good value has.
    #[inline]
    pub fn stale<R: ResultLike>(self, result: &R) {
        if counts::ON {
            self.fell_or_stale(0, false, result);
        }
    }

    /// The last good value has.
    #[inline]
    pub fn stood_in(self) {
        self.ends(CallResult::Stale);
    }

    /// Nothing has answered.
    #[inline]
    pub fn failed(self) {
        self.ends(CallResult::Failed);
    }
}
