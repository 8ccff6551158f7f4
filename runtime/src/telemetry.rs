//! Events for the people on call. Without the `tracing` feature these are empty.
//!
//! Levels: a circuit that opens is an error, a retry or a half-open circuit a warning, a circuit that closes is information.

use std::time::Duration;

use crate::Class;

/// What a retry is about to happen after.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) struct Retry {
    pub(crate) function: &'static str,
    /// The number of the attempt that failed, from 1.
    pub(crate) attempt: u32,
    pub(crate) class: Class,
    pub(crate) delay: Duration,
    pub(crate) breaker: Option<&'static str>,
}

#[cfg(feature = "tracing")]
mod events {
    use std::time::Duration;

    use tracing::{debug, error, info, warn};

    use super::Retry;

    const TARGET: &str = "redis_resilient";

    pub(crate) fn retry(retry: Retry) {
        warn!(
            target: TARGET,
            function = retry.function,
            attempt = retry.attempt,
            class = retry.class.label(),
            delay = ?retry.delay,
            breaker = retry.breaker,
            "attempt failed, will retry",
        );
    }

    pub(crate) fn falls_back(function: &'static str, attempts: u32, breaker: Option<&'static str>) {
        debug!(target: TARGET, function, attempts, breaker, "using the fallback");
    }

    pub(crate) fn opened(breaker: &'static str, delay: Duration) {
        error!(target: TARGET, breaker, ?delay, "circuit opened");
    }

    pub(crate) fn half_open(breaker: &'static str) {
        warn!(target: TARGET, breaker, "circuit half-open, probing");
    }

    pub(crate) fn closed(breaker: &'static str) {
        info!(target: TARGET, breaker, "circuit closed");
    }

    pub(crate) fn stale_outcome(breaker: &'static str) {
        debug!(target: TARGET, breaker, "outcome of an earlier life of the circuit dropped");
    }
}

#[cfg(not(feature = "tracing"))]
mod events {
    use std::time::Duration;

    use super::Retry;

    pub(crate) const fn retry(_: Retry) {}
    pub(crate) const fn falls_back(_: &'static str, _: u32, _: Option<&'static str>) {}
    pub(crate) const fn opened(_: &'static str, _: Duration) {}
    pub(crate) const fn half_open(_: &'static str) {}
    pub(crate) const fn closed(_: &'static str) {}
    pub(crate) const fn stale_outcome(_: &'static str) {}
}

pub(crate) use events::{closed, falls_back, half_open, opened, retry, stale_outcome};
