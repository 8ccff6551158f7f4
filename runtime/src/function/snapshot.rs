//! What a function has gone through, for dashboards and health checks.

use std::sync::PoisonError;
use std::time::Duration;

use super::{Function, ORDER};
use crate::{Backoff, Class};

/// What one annotated function has gone through so far, as [`Registry::functions`](crate::Registry::functions) tells it.
///
/// Calls that succeed at once are not counted: they would pay for it. Each number is read by itself, while calls go on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FunctionSnapshot {
    /// The name that events have: `module::function`, unless the attribute gives another.
    pub name: &'static str,
    /// The numbers of its attribute.
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
    /// Calls for which there was no room: for an attempt (`limit = …`), or in the fallback.
    pub turned_away: u64,
    /// The attempt that failed last.
    pub last_failure: Option<LastFailure>,
}

/// The numbers of a function's attribute.
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

impl FunctionSnapshot {
    pub(super) fn of(function: &Function, now_ms: u64) -> Option<Self> {
        let told = *function.told.lock().unwrap_or_else(PoisonError::into_inner);
        let told = told?;
        let last_failure = function.last_failure().map(|(at_ms, class)| LastFailure {
            class,
            ago: Duration::from_millis(now_ms.saturating_sub(at_ms)),
        });
        Some(Self {
            name: told.name,
            policy: told.policy,
            breaker: told.breaker,
            fallback_limit: function.fallback_limit.get().copied(),
            failed_attempts: function.failed_attempts.load(ORDER),
            retries: function.retries.load(ORDER),
            failed: function.failed.load(ORDER),
            fallbacks: function.fallbacks.load(ORDER),
            turned_away: function.turned_away.load(ORDER),
            last_failure,
        })
    }
}
