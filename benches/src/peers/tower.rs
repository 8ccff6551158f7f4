//! `tower-resilience-circuitbreaker`: async only, around a `Service`.

use std::time::Duration;

use redis::RedisError;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};

use crate::bodies::{self, repeat_async};
use crate::scenario::{ASYNC, Group, OPEN_ASYNC, Scenario};

pub(crate) fn of_group(group: Group) -> Vec<Scenario> {
    const NAME: &str = "tower-resilience-circuitbreaker";
    match group {
        ASYNC => vec![Scenario::peer(group, NAME, ready)],
        OPEN_ASYNC => vec![Scenario::peer(group, NAME, open)],
        _ => Vec::new(),
    }
}

fn guarded(
    open_wait: Duration,
    body: fn(u64) -> redis::RedisResult<u64>,
) -> impl Service<u64, Response = u64, Error = CircuitBreakerError<RedisError>> {
    CircuitBreakerLayer::builder()
        .consecutive_failures(5)
        .permitted_calls_in_half_open(1)
        .wait_duration_in_open(open_wait)
        .build()
        .expect("these settings make sense")
        .layer(service_fn(move |n| async move { body(n) }))
}

fn ready(calls: u64) {
    let mut service = guarded(Duration::from_secs(1), bodies::answer);
    repeat_async(calls, async |n| service.ready().await?.call(n).await);
}

fn open(calls: u64) {
    let mut service = guarded(Duration::from_secs(3600), bodies::fails);
    repeat_async(10, async |n| service.ready().await?.call(n).await);
    repeat_async(calls, async |n| {
        match async { service.ready().await?.call(n).await }.await {
            Ok(value) => Ok(value),
            Err(_) => bodies::fallback(n),
        }
    });
}
