//! The way into the fallback, and what is told of it.

use super::retry_state::LazyRetryState;
use super::span::{CallSpan, Ending};
use super::tally;
use crate::breaker::Breaker;
use crate::cause::{self, Description};
use crate::event::{Event, FallbackSaturated, FallbackUsed, Severity};
use crate::settings::Settings;
use crate::{Bulkhead, BulkheadPermit, Class, Rejection, State, observer};

/// Whether anybody is told of fallbacks: that there is no room in one, if nothing else. What the call has failed with is left for it then.
#[inline]
fn is_told_of() -> bool {
    observer::wants(Severity::Warn)
}

/// The fallback is next on this thread, and answers for a failure that says this.
pub(super) fn answers_for(class: Class, description: Option<Box<Description>>) {
    if is_told_of() {
        cause::leave(description.unwrap_or_else(|| Box::new(Description::without_text(class))));
    }
}

/// The same of a call that is over without an error of its own.
pub(super) fn answers_for_rejection(class: Class, rejection: impl FnOnce() -> Rejection) {
    if is_told_of() {
        cause::leave(Box::new(Description::of(class, &rejection())));
    }
}

/// Tells that the fallback answers from here on. For one that runs in the span of its call, what the call has of that.
#[inline(never)]
pub(super) fn falls_back(
    policy: &Settings,
    breaker: Option<&Breaker>,
    call: Option<&LazyRetryState>,
) {
    if is_told_of() {
        tell_used(policy, breaker, call);
    }
}

/// Asks for leave to run the fallback. `None`, which is told as well: too many calls are in it.
#[inline]
pub(super) fn enters<'l>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
    call: Option<&LazyRetryState>,
) -> Option<BulkheadPermit<'l>> {
    let permit = limit.enter();
    if permit.is_none() {
        tally::turned_away(policy, breaker, limit);
        tell_saturated(policy, breaker, limit);
    } else if is_told_of() {
        tell_used(policy, breaker, call);
    }
    permit
}

#[cold]
#[inline(never)]
fn tell_used(policy: &Settings, breaker: Option<&Breaker>, call: Option<&LazyRetryState>) {
    // Whoever is told: what is left here would be told of the next call.
    let left = cause::take();
    let is_wanted = observer::wants_fallback_used(policy.name);
    let opened = call.and_then(|state| state.as_ref().filter(|state| state.span.is_open()));
    let has_begun = opened.is_some_and(|state| state.span.is_without_failure());
    let opens = call.is_some() && opened.is_none() && CallSpan::is_wanted();
    if !is_wanted && !opens && opened.is_none() {
        return;
    }
    let description = if is_wanted || opens || has_begun {
        left.or_else(|| refusal(breaker))
    } else {
        None
    };
    let tell = || {
        if is_wanted {
            observer::emit(&Event::FallbackUsed(FallbackUsed {
                function: policy.name,
                class: description.as_ref().map(|of| of.class),
                breaker: breaker.map(Breaker::name),
                served_by: policy.served_by,
                error: description.as_deref().and_then(Description::error),
                address: description.as_deref().and_then(Description::address),
            }));
        }
    };
    let mut of_refusal = CallSpan::default();
    let class = description.as_ref().map_or(Class::Rejected, |of| of.class);
    if let Some(state) = opened.filter(|_| has_begun) {
        state.span.says(class, description.as_deref());
    }
    if opens {
        let name = breaker.map(Breaker::name);
        of_refusal = CallSpan::open(policy.name, name, class, description.as_deref());
    }
    let span = opened.map_or(&of_refusal, |state| &state.span);
    span.ends(Ending::Fallback);
    span.within(tell);
    if call.is_some() {
        span.leave_for_fallback();
    }
}

#[cold]
#[inline(never)]
fn tell_saturated(policy: &Settings, breaker: Option<&Breaker>, limit: &Bulkhead) {
    if !is_told_of() {
        return;
    }
    let description = cause::take().or_else(|| refusal(breaker));
    observer::emit(&Event::FallbackSaturated(FallbackSaturated {
        function: policy.name,
        bulkhead: limit.name(),
        limit: limit.limit(),
        class: description.as_ref().map(|of| of.class),
        breaker: breaker.map(Breaker::name),
        error: description.as_deref().and_then(Description::error),
        address: description.as_deref().and_then(Description::address),
    }));
}

/// What the fallback answers for where no attempt was made.
fn refusal(breaker: Option<&Breaker>) -> Option<Box<Description>> {
    let breaker = breaker.filter(|breaker| breaker.state() != State::Closed)?;
    let rejection = breaker.refusal_now();
    Some(Box::new(Description::of(Class::Rejected, &rejection)))
}
