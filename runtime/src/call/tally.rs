//! What functions tell of their calls: counted where an attempt fails, or there is no room. Not where an open circuit refuses: that goes on for as
//! long as the outage, from all threads, and is to cost nothing but the look at the breaker.

use super::Step;
use crate::Bulkhead;
use crate::Class;
use crate::breaker::Breaker;
use crate::function::{Follows, Function, Told};
use crate::policy::Settings;

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
        function.say(told(policy, breaker));
    }
    function.failed(class, follows);
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
    let function = match policy.function {
        Some(function) => function,
        None => Function::by_name(policy.name),
    };
    function.list(|| told(policy, breaker));
    function
}

fn told(policy: &Settings, breaker: Option<&Breaker>) -> Told {
    Told {
        name: policy.name,
        policy: policy.numbers(),
        breaker: breaker.map(Breaker::name),
    }
}
