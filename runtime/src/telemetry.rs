//! Events for the people on call. Without the `tracing` feature these are empty.
//!
//! Levels: a circuit that opens and a fallback that answers for wrong credentials are errors; a retry, a half-open circuit and a limit that is reached are warnings; a circuit that
//! closes is information.

use crate::Class;

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) struct Failure {
    pub(crate) function: &'static str,
    /// Its number, from 1.
    pub(crate) attempt: u32,
    pub(crate) class: Class,
    pub(crate) breaker: Option<&'static str>,
}

#[cfg(feature = "tracing")]
mod events {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    use tracing::{debug, error, info, warn};

    use super::Failure;
    use crate::Bulkhead;
    use crate::breaker::{State, Transition};

    const TARGET: &str = "redis_resilient";

    pub(crate) fn retry(failure: Failure, delay: Duration) {
        warn!(
            target: TARGET,
            function = failure.function,
            attempt = failure.attempt,
            class = failure.class.label(),
            ?delay,
            breaker = failure.breaker,
            "attempt failed, will retry",
        );
    }

    pub(crate) fn budget_exhausted(failure: Failure) {
        warn!(
            target: TARGET,
            function = failure.function,
            attempt = failure.attempt,
            class = failure.class.label(),
            breaker = failure.breaker,
            "retry budget exhausted",
        );
    }

    pub(crate) fn last_failure(failure: Failure) {
        debug!(
            target: TARGET,
            function = failure.function,
            attempt = failure.attempt,
            class = failure.class.label(),
            breaker = failure.breaker,
            "attempt failed, will not retry",
        );
    }

    /// Once for each function: its code is to be changed.
    #[cold]
    pub(crate) fn lost_source(failure: Failure) {
        static TOLD: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.insert(failure.function) {
            return;
        }
        drop(told);
        warn!(
            target: TARGET,
            function = failure.function,
            attempt = failure.attempt,
            class = failure.class.label(),
            breaker = failure.breaker,
            "the error has no Redis error among its sources: it is not retried, and no fallback answers; if Redis has failed, keep the \
             `RedisError` as the error's `source` (in `thiserror`: `#[from]` or `#[source]`; not its text alone), or say what the error \
             means: `impl Classify`, or `classify = …`",
        );
    }

    /// No secret is in it: neither the error's text nor the settings are.
    pub(crate) fn misconfigured(failure: Failure, code: Option<&'static str>) {
        error!(
            target: TARGET,
            function = failure.function,
            attempt = failure.attempt,
            class = failure.class.label(),
            code,
            breaker = failure.breaker,
            "wrong credentials or settings, using the fallback",
        );
    }

    #[inline]
    pub(crate) fn falls_back(function: &'static str, breaker: Option<&'static str>) {
        debug!(target: TARGET, function, breaker, "using the fallback");
    }

    pub(crate) fn saturated(
        function: &'static str,
        bulkhead: &Bulkhead,
        breaker: Option<&'static str>,
    ) {
        warn!(
            target: TARGET,
            function,
            bulkhead = bulkhead.name(),
            limit = bulkhead.limit(),
            breaker,
            "fallback saturated",
        );
    }

    pub(crate) fn attempt_saturated(
        function: &'static str,
        bulkhead: &Bulkhead,
        breaker: Option<&'static str>,
    ) {
        warn!(
            target: TARGET,
            function,
            bulkhead = bulkhead.name(),
            limit = bulkhead.limit(),
            breaker,
            "bulkhead full, attempt not made",
        );
    }

    pub(crate) fn transition(transition: &Transition) {
        let Transition {
            breaker,
            retry_after: delay,
            ..
        } = *transition;
        match transition.to {
            State::Open => error!(target: TARGET, breaker, ?delay, "circuit opened"),
            State::HalfOpen => warn!(target: TARGET, breaker, "circuit half-open, probing"),
            State::Closed => info!(target: TARGET, breaker, "circuit closed"),
            State::ForcedOpen => warn!(target: TARGET, breaker, ?delay, "circuit forced open"),
            State::ForcedClosed => warn!(target: TARGET, breaker, "circuit forced closed"),
            State::Disabled => warn!(target: TARGET, breaker, "circuit disabled"),
        }
    }

    pub(crate) fn stale_outcome(breaker: &'static str) {
        debug!(target: TARGET, breaker, "outcome of an earlier life of the circuit dropped");
    }
}

#[cfg(not(feature = "tracing"))]
mod events {
    use std::time::Duration;

    use super::Failure;
    use crate::Bulkhead;
    use crate::breaker::Transition;

    pub(crate) const fn retry(_: Failure, _: Duration) {}
    pub(crate) const fn budget_exhausted(_: Failure) {}
    pub(crate) const fn last_failure(_: Failure) {}
    pub(crate) const fn lost_source(_: Failure) {}
    pub(crate) const fn misconfigured(_: Failure, _: Option<&'static str>) {}
    pub(crate) const fn falls_back(_: &'static str, _: Option<&'static str>) {}
    pub(crate) const fn saturated(_: &'static str, _: &Bulkhead, _: Option<&'static str>) {}
    pub(crate) const fn attempt_saturated(_: &'static str, _: &Bulkhead, _: Option<&'static str>) {}
    pub(crate) const fn transition(_: &Transition) {}
    pub(crate) const fn stale_outcome(_: &'static str) {}
}

pub(crate) use events::{
    attempt_saturated, budget_exhausted, falls_back, last_failure, lost_source, misconfigured,
    retry, saturated, stale_outcome, transition,
};
