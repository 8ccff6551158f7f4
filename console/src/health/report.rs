//! What health shows of calls and of what they are on: as the registry says it, in a form that serialises.

use std::collections::BTreeMap;
use std::time::Duration;

use redis_resilient_runtime::State;
use redis_resilient_runtime::registry::{
    AttemptDurations, CallCounts, ConnectionFailure, FunctionPolicy, FunctionSnapshot,
    ListedBreaker, ListedBulkhead,
};
use serde::Serialize;

use super::millis;
use super::said::OfFunctions;

/// A circuit breaker.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct BreakerHealth {
    /// Its name.
    pub name: &'static str,
    /// What tells it from its namesakes in a set of breakers.
    pub number: Option<u16>,
    /// `closed`, `open`, `half_open`, `forced_open`, `forced_closed`, or `disabled`.
    pub state: &'static str,
    /// For how long it has been so; `None` if it has never changed.
    pub in_state_for_ms: Option<u64>,
    /// Calls that count towards opening it.
    pub calls: u32,
    /// Those of them that failed.
    pub failures: u32,
    /// The share of failures in per cent, where its rule is a rate and there are calls enough.
    pub failure_rate: Option<f64>,
    /// How long it will refuse calls; zero if it does not.
    pub retry_after_ms: u64,
    /// Whether it lets calls through that it would refuse.
    pub observing: bool,
    /// Whether it can be given orders: it was registered.
    pub controllable: bool,
}

/// A bulkhead.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct BulkheadHealth {
    /// Its name.
    pub name: &'static str,
    /// How many may be inside at once.
    pub limit: u32,
    /// How many are, where that is known.
    pub inside: Option<u32>,
    /// How many wait, where that is known.
    pub waiting: Option<u32>,
    /// How many found no room.
    pub refused: u64,
}

/// An annotated function.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FunctionHealth {
    /// Its name.
    pub name: &'static str,
    /// The breaker that it is on.
    pub breaker: Option<&'static str>,
    /// How its calls have ended, where that is counted.
    pub calls: Option<Calls>,
    /// Attempts that failed.
    pub failed_attempts: u64,
    /// Those of them after which another was planned.
    pub retries: u64,
    /// Those of them after which the fallback was asked.
    pub fallbacks: u64,
    /// Those of them whose error the caller got.
    pub failed: u64,
    /// Calls for which there was no room.
    pub turned_away: u64,
    /// The attempt that failed last.
    pub last_failure: Option<Failure>,
    /// The numbers of its attribute, as they are in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<FunctionNumbers>,
}

/// How the calls of a function have ended.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Calls {
    /// All of them.
    pub total: u64,
    /// Those that the fallback has answered.
    pub fallbacks: u64,
    /// Those that have failed.
    pub failed: u64,
    /// So long or less took half of the attempts that gave a value, in microseconds.
    pub p50_us: Option<u64>,
    /// So long or less took 99 of 100 of them, in microseconds.
    pub p99_us: Option<u64>,
}

/// The numbers of a function's attribute.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FunctionNumbers {
    /// Attempts after the first.
    pub retries: u32,
    /// How long one attempt may take.
    pub timeout_ms: Option<u64>,
    /// How long the whole may take.
    pub deadline_ms: Option<u64>,
    /// After so long a second attempt starts beside the first.
    pub hedge_ms: Option<u64>,
    /// What the function says of itself, if anything.
    pub idempotent: Option<bool>,
    /// Whether there is a fallback.
    pub fallback: bool,
    /// Whether other calls may have other numbers.
    pub computed: bool,
    /// The longest that a call may take until its last attempt is over; `None`: there is no end to it.
    pub worst_case_ms: Option<u64>,
    /// Of each that is not as the attribute says it, where it is said: the place in a file, or the name of a variable.
    pub origins: BTreeMap<&'static str, String>,
}

/// Something that failed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// What it means, by the name of the class.
    pub class: &'static str,
    /// The error's text, where it is known, without secrets.
    pub error: Option<String>,
    /// How long ago it was.
    pub ago_ms: u64,
}

/// Something that was tried.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CheckHealth {
    /// Its name.
    pub name: &'static str,
    /// Why it failed, without secrets; `None`: it did not.
    pub error: Option<String>,
    /// How long it took.
    pub took_ms: u64,
}

impl BreakerHealth {
    pub(super) fn of(listed: &ListedBreaker) -> Self {
        let snapshot = &listed.snapshot;
        Self {
            name: snapshot.name,
            number: listed.number,
            state: state(snapshot.state),
            in_state_for_ms: snapshot.in_state_for.map(millis),
            calls: snapshot.calls,
            failures: snapshot.failures,
            failure_rate: snapshot.failure_rate(),
            retry_after_ms: millis(snapshot.retry_after),
            observing: snapshot.observing,
            controllable: listed.handle().is_some(),
        }
    }
}

/// The state's name.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half_open",
        State::ForcedOpen => "forced_open",
        State::ForcedClosed => "forced_closed",
        State::Disabled => "disabled",
        _ => "unknown",
    }
}

impl BulkheadHealth {
    pub(super) fn of(listed: &ListedBulkhead) -> Self {
        let snapshot = &listed.snapshot;
        Self {
            name: snapshot.name,
            limit: snapshot.limit,
            inside: snapshot.inside,
            waiting: snapshot.waiting,
            refused: snapshot.refused,
        }
    }
}

impl FunctionHealth {
    pub(super) fn of(function: &FunctionSnapshot) -> Self {
        Self {
            name: function.name,
            breaker: function.breaker,
            calls: function.calls.zip(function.attempts).map(Calls::of),
            failed_attempts: function.failed_attempts,
            retries: function.retries,
            fallbacks: function.fallbacks,
            failed: function.failed,
            turned_away: function.turned_away,
            last_failure: function.last_failure.map(|failure| Failure {
                class: failure.class.label(),
                error: None,
                ago_ms: millis(failure.ago),
            }),
            policy: Some(FunctionNumbers::of(&function.policy)),
        }
    }
}

impl FunctionHealth {
    /// Where its numbers are said, if it is not in its attribute.
    pub(super) fn is_said_in(&mut self, settings: &OfFunctions<'_>) {
        if let Some(policy) = &mut self.policy {
            policy.origins = settings.origins(self.name);
        }
    }
}

impl Calls {
    fn of((calls, attempts): (CallCounts, AttemptDurations)) -> Self {
        let quantile = |share| {
            let time = attempts.answered.quantile(share)?;
            u64::try_from(time.as_micros()).ok()
        };
        Self {
            total: calls.total(),
            fallbacks: calls.fallbacks.iter().sum(),
            failed: calls.failed + calls.rejected,
            p50_us: quantile(0.5),
            p99_us: quantile(0.99),
        }
    }
}

impl FunctionNumbers {
    fn of(policy: &FunctionPolicy) -> Self {
        let shown = |time: Option<Duration>| time.map(millis);
        Self {
            retries: policy.retries,
            timeout_ms: shown(policy.timeout),
            deadline_ms: shown(policy.deadline),
            hedge_ms: shown(policy.hedge),
            idempotent: policy.idempotent,
            fallback: policy.fallback,
            computed: policy.computed,
            worst_case_ms: shown(policy.worst_case()),
            origins: BTreeMap::new(),
        }
    }
}

impl Failure {
    pub(super) fn of(failure: &ConnectionFailure) -> Self {
        Self {
            class: failure.class.label(),
            error: Some(failure.error.clone()),
            ago_ms: millis(failure.ago),
        }
    }

    /// The error's text, or what it means.
    pub(super) fn text(&self) -> &str {
        self.error.as_deref().unwrap_or(self.class)
    }
}
