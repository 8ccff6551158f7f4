//! How long a caller may wait whose request has a time budget, and what it gets when that is used up.
//!
//! Redis is asked under a policy, which obeys the budget by itself. What is here is for the rest of a read: the load, and the load of another caller. When
//! the time is used up, the caller gets what is at hand, or an error where its type can say so. If there is neither, it waits: a load that nobody
//! can be told to do without is not cut off.

use std::time::Duration;

use redis_resilient_runtime::__seam::request_budget::{self, TimeLeft};

use crate::missed::{Answer, AtHand};
use crate::share::Refuse;
use crate::way::Way;

/// The time of one caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<E> {
    given: Option<TimeLeft>,
    refuse: Option<Refuse<E>>,
    /// Whether there was any left when it began.
    attempts: bool,
}

impl<E> Caller<E> {
    /// One that begins now.
    pub(crate) fn begins(refuse: Option<Refuse<E>>) -> Self {
        let given = request_budget::current();
        Self {
            given,
            refuse,
            attempts: given.is_some_and(|given| !given.left().is_zero()),
        }
    }

    /// How long it may wait from now on; `None`: as long as it takes.
    pub(crate) fn left<T>(&self, at_hand: &AtHand<T>) -> Option<Duration> {
        let given = self.given?;
        (at_hand.is_there() || self.refuse.is_some()).then(|| given.left())
    }

    /// Whether nothing is left for what would have to be waited for now.
    pub(crate) fn is_over<T>(&self, at_hand: &AtHand<T>) -> bool {
        self.left(at_hand).is_some_and(|left| left.is_zero())
    }

    /// Whether the policy has told of it already, when Redis was to be asked.
    pub(crate) fn is_told(&self) -> bool {
        self.given.is_some_and(|given| given.left().is_zero())
    }

    /// What it gets when its time is used up, of which observers are told unless they have been.
    ///
    /// # Panics
    /// If there is nothing: then there is no end to how long it waits.
    pub(crate) fn ends<T>(
        &self,
        way: &Way,
        at_hand: AtHand<T>,
        is_told: bool,
    ) -> Result<Answer<T>, E> {
        let function = way.policy.name();
        let given = self.given.expect("it has an end");
        if !is_told {
            request_budget::tell_used_up(given, function, self.attempts);
        }
        match at_hand {
            AtHand::ForNeed(stale) | AtHand::AtOnce(stale) => Ok(stale.answer()),
            AtHand::Nothing => {
                let refuse = self.refuse.expect("it can be told");
                let rejection = request_budget::used_up(given, function, self.attempts);
                Err(refuse(rejection.into()))
            }
        }
    }

    /// The same, for the caller.
    pub(crate) fn end<T>(&self, way: &Way, at_hand: AtHand<T>, is_told: bool) -> Result<T, E> {
        let ended = self.ends(way, at_hand, is_told);
        ended.map(|answer| answer.give(way))
    }
}
