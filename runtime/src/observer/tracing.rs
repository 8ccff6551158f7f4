//! The observer that is always there: what the people on call see in their logs. docs/events.md has the table of it.
//!
//! Numbers are numbers, with their unit in the name. What is not known is left out.

use tracing::{Level, debug, error, info, warn};

use super::Severity;
use crate::State;
use crate::clock::whole_millis;
use crate::event::{AttemptFailed, CircuitChanged, Event, Next, severity_of_failure};

const TARGET: &str = "redis_resilient";

/// Whether anybody takes what is printed at this level.
#[inline]
pub(super) fn wants(severity: Severity) -> bool {
    match severity {
        Severity::Error => tracing::enabled!(target: TARGET, Level::ERROR),
        Severity::Warn => tracing::enabled!(target: TARGET, Level::WARN),
        Severity::Info => tracing::enabled!(target: TARGET, Level::INFO),
        Severity::Debug => tracing::enabled!(target: TARGET, Level::DEBUG),
    }
}

/// Prints it, if it is one for people: each call that is refused, and each failure that a breaker counts, is not.
pub(super) fn print(event: &Event<'_>) {
    match event {
        Event::AttemptFailed(event) => attempt_failed(event),
        Event::RetryBudgetExhausted(event) => warn!(
            target: TARGET,
            function = event.function,
            attempt = event.attempt,
            class = event.class.label(),
            error = event.error,
            address = event.address,
            breaker = event.breaker,
            "retry budget exhausted",
        ),
        Event::LostSource(event) => warn!(
            target: TARGET,
            function = event.function,
            attempt = event.attempt,
            class = crate::Class::NotRedis.label(),
            error = event.error,
            breaker = event.breaker,
            "the error has no Redis error among its sources: it is not retried, and no fallback answers; if Redis has failed, keep the \
             `RedisError` as the error's `source` (in `thiserror`: `#[from]` or `#[source]`; not its text alone), or say what the error \
             means: `impl Classify`, or `classify = …`",
        ),
        Event::FallbackUsed(event) => debug!(
            target: TARGET,
            function = event.function,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            breaker = event.breaker,
            "using the fallback",
        ),
        Event::FallbackSaturated(event) => warn!(
            target: TARGET,
            function = event.function,
            bulkhead = event.bulkhead,
            limit = event.limit,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            breaker = event.breaker,
            "fallback saturated",
        ),
        Event::BulkheadFull(event) if event.function.is_some() => warn!(
            target: TARGET,
            function = event.function,
            bulkhead = event.bulkhead,
            limit = event.limit,
            breaker = event.breaker,
            "bulkhead full, attempt not made",
        ),
        Event::BulkheadFull(event) => debug!(
            target: TARGET,
            bulkhead = event.bulkhead,
            limit = event.limit,
            "bulkhead full",
        ),
        Event::CircuitChanged(event) => circuit_changed(event),
        Event::StaleOutcome(event) => debug!(
            target: TARGET,
            breaker = event.breaker,
            "outcome of an earlier life of the circuit dropped",
        ),
        Event::ProbeLost(event) => warn!(
            target: TARGET,
            breaker = event.breaker,
            "probe lost, another one replaces it",
        ),
        Event::FailureCounted(_) | Event::CallRefused(_) => {}
        other => connection(other),
    }
}

fn attempt_failed(event: &AttemptFailed<'_>) {
    match event.next {
        Next::Retry { delay } => warn!(
            target: TARGET,
            function = event.function,
            attempt = event.attempt,
            class = event.class.label(),
            error = event.error,
            address = event.address,
            delay_ms = whole_millis(delay),
            breaker = event.breaker,
            "attempt failed, will retry",
        ),
        Next::Fallback if severity_of_failure(event.class, event.next) == Severity::Error => {
            error!(
                target: TARGET,
                function = event.function,
                attempt = event.attempt,
                class = event.class.label(),
                code = event.code,
                error = event.error,
                address = event.address,
                breaker = event.breaker,
                "wrong credentials or settings, using the fallback",
            );
        }
        Next::Fallback | Next::Return => debug!(
            target: TARGET,
            function = event.function,
            attempt = event.attempt,
            class = event.class.label(),
            code = event.code,
            error = event.error,
            address = event.address,
            breaker = event.breaker,
            "attempt failed, will not retry",
        ),
    }
}

fn circuit_changed(event: &CircuitChanged<'_>) {
    let breaker = event.breaker;
    let open_ms = whole_millis(event.open_for);
    match (event.from, event.to) {
        (State::HalfOpen, State::Open) => warn!(
            target: TARGET,
            breaker,
            open_ms,
            function = event.function,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            "circuit still open",
        ),
        (_, State::Open) => error!(
            target: TARGET,
            breaker,
            open_ms,
            function = event.function,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            "circuit opened",
        ),
        (_, State::HalfOpen) => warn!(target: TARGET, breaker, "circuit half-open, probing"),
        (_, State::Closed) => info!(target: TARGET, breaker, "circuit closed"),
        (_, State::ForcedOpen) => warn!(target: TARGET, breaker, open_ms, "circuit forced open"),
        (_, State::ForcedClosed) => warn!(target: TARGET, breaker, "circuit forced closed"),
        (_, State::Disabled) => warn!(target: TARGET, breaker, "circuit disabled"),
    }
}

/// What connections tell.
fn connection(event: &Event<'_>) {
    match event {
        Event::Connected(event) => {
            let took_ms = whole_millis(event.took);
            let (connector, address) = (event.connector, event.address);
            if event.again {
                info!(target: TARGET, connector, address, took_ms, "connected again");
            } else {
                debug!(target: TARGET, connector, address, took_ms, "connected");
            }
        }
        Event::ConnectFailed(event) => warn!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            retry_after_ms = event.retry_after.map(whole_millis),
            "cannot connect",
        ),
        Event::ConnectionLost(event) => warn!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            "connection lost",
        ),
        Event::PrimaryMoved(event) => warn!(
            target: TARGET,
            connector = event.connector,
            from = event.from,
            to = event.to,
            "primary moved",
        ),
        Event::CredentialsRenewed(event) => debug!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            next_ms = event.next_in.map(whole_millis),
            "credentials renewed",
        ),
        Event::CredentialsFailed(event) => error!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            retry_after_ms = event.retry_after.map(whole_millis),
            "credentials not renewed",
        ),
        Event::HealthCheckFailed(event) => warn!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            "health check failed",
        ),
        Event::SubscriptionGap(event) => warn!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            error = event.error,
            missed = event.missed,
            lasted_ms = event.lasted.map(whole_millis),
            "subscription has a gap",
        ),
        _ => {}
    }
}
