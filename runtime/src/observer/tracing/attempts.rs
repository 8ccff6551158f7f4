//! Lines about attempts that fail, and what answers instead.

use tracing::warn;

use super::{LeftOut, TARGET, log_line};
use crate::ServedBy;
use crate::clock::whole_millis;
use crate::event::{AttemptFailed, Event, HedgeWinner, Next, Severity, severity_of_failure};

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::AttemptFailed(event) => attempt_failed(event, left),
        Event::RetryBudgetExhausted(event) => log_line!(warn, left, {
            function = event.function,
            attempt = event.attempt,
            class = event.class.label(),
            error = event.error,
            address = event.address,
            breaker = event.breaker,
        }, "retry budget exhausted"),
        Event::RequestBudgetExhausted(event) => log_line!(warn, left, {
            function = event.function,
            budget_ms = whole_millis(event.budget),
            attempted = event.attempted,
            breaker = event.breaker,
        }, "the time of the request is used up"),
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
        Event::Hedged(event) => log_line!(debug, left, {
            function = event.function,
            after_ms = whole_millis(event.after),
            winner = match event.winner {
                HedgeWinner::First => "first",
                HedgeWinner::Hedge => "hedge",
                HedgeWinner::Neither => "neither",
            },
            breaker = event.breaker,
        }, "attempt hedged"),
        Event::FallbackUsed(event) => log_line!(warn, left, {
            function = event.function,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            breaker = event.breaker,
                    served_by = (event.served_by != ServedBy::Fallback).then_some(event.served_by.label()),
        }, "using the fallback"),
        Event::FallbackSaturated(event) => log_line!(warn, left, {
            function = event.function,
            bulkhead = event.bulkhead,
            limit = event.limit,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            breaker = event.breaker,
        }, "fallback saturated"),
        Event::BulkheadFull(event) if event.function.is_some() => log_line!(warn, left, {
            function = event.function,
            bulkhead = event.bulkhead,
            limit = event.limit,
            breaker = event.breaker,
        }, "bulkhead full, attempt not made"),
        Event::BulkheadFull(event) => log_line!(debug, left, {
            bulkhead = event.bulkhead,
            limit = event.limit,
        }, "bulkhead full"),
        _ => {}
    }
}

fn attempt_failed(event: &AttemptFailed<'_>, left: LeftOut) {
    match event.next {
        Next::Retry { delay } => log_line!(warn, left, {
            function = event.function,
            attempt = event.attempt,
            class = event.class.label(),
            error = event.error,
            address = event.address,
            delay_ms = whole_millis(delay),
            breaker = event.breaker,
            injected = event.injected.then_some(true),
        }, "attempt failed, will retry"),
        Next::Fallback if severity_of_failure(event.class, event.next) == Severity::Error => {
            log_line!(error, left, {
                function = event.function,
                attempt = event.attempt,
                class = event.class.label(),
                code = event.code,
                error = event.error,
                address = event.address,
                breaker = event.breaker,
                injected = event.injected.then_some(true),
            }, "wrong credentials or settings, using the fallback");
        }
        Next::Hedge => log_line!(debug, left, {
            function = event.function,
            attempt = event.attempt,
            class = event.class.label(),
            error = event.error,
            address = event.address,
            breaker = event.breaker,
            injected = event.injected.then_some(true),
        }, "attempt failed, the other one goes on"),
        Next::Fallback | Next::Return => log_line!(debug, left, {
            function = event.function,
            attempt = event.attempt,
            class = event.class.label(),
            code = event.code,
            error = event.error,
            address = event.address,
            breaker = event.breaker,
            injected = event.injected.then_some(true),
        }, "attempt failed, will not retry"),
    }
}
