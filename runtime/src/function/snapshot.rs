//! What a function has gone through, for dashboards and health checks.

use std::sync::PoisonError;
use std::time::Duration;

use super::{Follows, Function, ORDER};
use crate::counts::{self, AttemptDurations, CallCounts};
use crate::{Backoff, Class};

/// What one annotated function has gone through so far, as [`Registry::functions`](crate::Registry::functions) tells it.
///
/// Calls that succeed at once are counted only with the feature `counts`, which `metrics`, `opentelemetry` and `console` switch on: they pay for it.
/// Each number is read by itself, while calls go on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FunctionSnapshot {
    /// The name that events have: `module::function`, unless the attribute gives another.
    pub name: &'static str,
    /// The numbers it goes by: those of its attribute, or what settings say.
    pub policy: FunctionPolicy,
    /// The breaker that it was on when it first had something to tell; `None`: it has none.
    pub breaker: Option<&'static str>,
    /// What stands before its fallback; `None` if nothing does, and until there was no room there.
    pub fallback_limit: Option<BulkheadLimit>,
    /// Attempts that failed, whatever followed.
    pub failed_attempts: u64,
    /// Those of them after which another attempt was planned.
    pub retries: u64,
    /// Those of them whose error the caller got.
    pub failed: u64,
    /// Those of them after which the fallback was asked. What an open circuit refuses is not counted: its breaker tells how it is doing.
    pub fallbacks: u64,
    /// Second attempts that were started beside a first one that took long (`hedge = …`).
    pub hedges: u64,
    /// Those of them that answered first.
    pub hedges_won: u64,
    /// Calls for which there was no room: for an attempt (`limit = …`), or in the fallback.
    pub turned_away: u64,
    /// The attempt that failed last.
    pub last_failure: Option<LastFailure>,
    /// How its calls have ended; `None` without the feature `counts`.
    pub calls: Option<CallCounts>,
    /// How long its attempts took; `None` without the feature `counts`.
    pub attempts: Option<AttemptDurations>,
}

/// The numbers that a function goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FunctionPolicy {
    /// Attempts after the first.
    pub retries: u32,
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// How long one attempt may take; `None`: as long as it likes.
    pub timeout: Option<Duration>,
    /// How long all attempts and the waiting between them may take together; `None`: as long as they like.
    pub deadline: Option<Duration>,
    /// After so long without an answer a second attempt starts beside the first; `None`: none does.
    pub hedge: Option<Duration>,
    /// What the function says of itself, if anything.
    pub idempotent: Option<bool>,
    /// Whether its retries draw on the breaker's [retry budget](crate::Breaker::retry_budget).
    pub retry_budget: bool,
    /// Whether there is a fallback.
    pub fallback: bool,
    /// Whether other calls may have other numbers, and these are those of the call that failed last: the options are computed at run time, or it
    /// is a [`Policy`](crate::Policy), of which several with one name are one here.
    pub computed: bool,
}

/// A bulkhead that a function stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadLimit {
    /// The bulkhead's name.
    pub name: &'static str,
    /// How many calls may be inside at once.
    pub limit: u32,
}

/// The failure that was last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastFailure {
    /// What it means.
    pub class: Class,
    /// How long ago it was, in whole milliseconds.
    pub ago: Duration,
}

impl FunctionPolicy {
    /// The longest that a call may take until its last attempt is over: all attempts' timeouts and the longest pauses, or the deadline where that is
    /// shorter. `None`: there is no end to it, for neither is set.
    ///
    /// What a fallback takes, and waiting for room, comes on top.
    #[must_use]
    pub fn worst_case(&self) -> Option<Duration> {
        let attempts = self.retries.saturating_add(1);
        let all = self.timeout.map(|timeout| {
            let pauses = self.backoff.longest(self.retries);
            timeout.saturating_mul(attempts).saturating_add(pauses)
        });
        match (all, self.deadline) {
            (Some(all), Some(deadline)) => Some(all.min(deadline)),
            (all, deadline) => all.or(deadline),
        }
    }
}

impl FunctionSnapshot {
    pub(super) fn of(function: &Function, now_ms: u64) -> Option<Self> {
        let told = function.told.lock().unwrap_or_else(PoisonError::into_inner);
        let told = **told.as_ref()?;
        let fallback_limit = *function
            .fallback_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let last_failure = function.last_failure().map(|(at_ms, class)| LastFailure {
            class,
            ago: Duration::from_millis(now_ms.saturating_sub(at_ms)),
        });
        let (retries, failed, fallbacks, hedge) = (
            function.failed_before(Follows::Retry),
            function.failed_before(Follows::Error),
            function.failed_before(Follows::Fallback),
            function.failed_before(Follows::Hedge),
        );
        let counted = counts::counted(&function.slot);
        Some(Self {
            name: told.name,
            policy: told.policy,
            breaker: told.breaker,
            fallback_limit,
            failed_attempts: retries + failed + fallbacks + hedge,
            retries,
            failed,
            fallbacks,
            hedges: function.hedges.load(ORDER),
            hedges_won: function.hedges_won.load(ORDER),
            turned_away: function.turned_away.load(ORDER),
            last_failure,
            calls: counted.map(|(calls, _)| calls),
            attempts: counted.map(|(_, attempts)| attempts),
        })
    }
}
