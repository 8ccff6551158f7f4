//! The way into the fallback, and what is told of it.

use super::tally;
use crate::breaker::Breaker;
use crate::cause::{self, Description};
use crate::event::{Event, FallbackSaturated, FallbackUsed, Severity};
use crate::policy::Settings;
use crate::{Bulkhead, BulkheadPermit, Class, Rejection, State, observer};

/// The fallback is next on this thread, and answers for a failure that says this.
pub(super) fn answers_for(class: Class, description: Option<Box<Description>>) {
    if observer::wants(Severity::Debug) {
        cause::leave(description.unwrap_or_else(|| Box::new(Description::without_text(class))));
    }
}

/// The same of a call that is over without an error of its own.
pub(super) fn answers_for_rejection(class: Class, rejection: impl FnOnce() -> Rejection) {
    if observer::wants(Severity::Debug) {
        cause::leave(Box::new(Description::of(class, &rejection())));
    }
}

/// Tells that the fallback answers from here on.
#[inline(never)]
pub(super) fn falls_back(policy: &Settings, breaker: Option<&Breaker>) {
    if observer::wants(Severity::Debug) {
        tell_used(policy, breaker);
    }
}

/// Asks for leave to run the fallback. `None`, which is told as well: too many calls are in it.
#[inline]
pub(super) fn enters<'l>(
    policy: &Settings,
    breaker: Option<&Breaker>,
    limit: &'l Bulkhead,
) -> Option<BulkheadPermit<'l>> {
    let permit = limit.enter();
    if permit.is_none() {
        tally::turned_away(policy, breaker, limit);
        tell_saturated(policy, breaker, limit);
    } else if observer::wants(Severity::Debug) {
        tell_used(policy, breaker);
    }
    permit
}

#[cold]
#[inline(never)]
fn tell_used(policy: &Settings, breaker: Option<&Breaker>) {
    let description = why(breaker);
    observer::emit(&Event::FallbackUsed(FallbackUsed {
        function: policy.name,
        class: description.as_ref().map(|of| of.class),
        breaker: breaker.map(Breaker::name),
        error: description.as_deref().and_then(Description::error),
        address: description.as_deref().and_then(Description::address),
    }));
}

#[cold]
#[inline(never)]
fn tell_saturated(policy: &Settings, breaker: Option<&Breaker>, limit: &Bulkhead) {
    if !observer::wants(Severity::Warn) {
        return;
    }
    let description = why(breaker);
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

/// What the fallback answers for: the last attempt, or that none was made.
fn why(breaker: Option<&Breaker>) -> Option<Box<Description>> {
    cause::take().or_else(|| {
        let breaker = breaker.filter(|breaker| breaker.state() != State::Closed)?;
        let rejection = breaker.refusal_now();
        Some(Box::new(Description::of(Class::Rejected, &rejection)))
    })
}
