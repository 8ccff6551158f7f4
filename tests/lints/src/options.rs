//! Every option.

use core::time::Duration;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, RedisError, RedisResult};
use redis_resilient::{Backoff, Breaker, Class, redis_resilient};

/// Of the sessions.
static SESSIONS: Breaker = Breaker::new("sessions");
/// For those who can wait.
const SLOW: Backoff = Backoff::fixed(Duration::from_secs(1));

/// All of them.
///
/// # Errors
/// None of Redis.
#[inline]
#[redis_resilient(
    retries = 5,
    backoff = "exp",
    delay = "10ms",
    max_delay = "2s",
    factor = 1.5,
    jitter = "equal",
    timeout = "1.5s",
    deadline = "1m",
    breaker = SESSIONS,
    fallback = [database(conn, &key), Ok(None)],
    fallback_on = "outage",
    fallback_limit = 20,
    idempotent = false,
    budget = false,
    classify = class,
    clone(key),
    name = "users.get",
    crate = ::redis_resilient,
)]
pub async fn all(conn: &mut MultiplexedConnection, key: String) -> RedisResult<Option<u64>> {
    conn.get(key).await
}

/// Values of run time.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(
    retries = retries,
    backoff = SLOW,
    timeout = patience,
    deadline = patience.saturating_mul(4),
    breaker = breaker,
    classify = |error: &RedisError| if error.is_timeout() { Class::Ambiguous } else { Class::Permanent },
)]
pub async fn of_run_time(
    conn: &mut MultiplexedConnection,
    retries: u32,
    patience: Duration,
    breaker: &Breaker,
) -> RedisResult<u64> {
    conn.get("key").await
}

/// Shaped pauses.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(backoff = "linear", delay = patience, max_delay = patience.saturating_mul(2), jitter = "none")]
pub async fn pauses(conn: &mut MultiplexedConnection, patience: Duration) -> RedisResult<u64> {
    conn.get("key").await
}

/// Sees everything as an outage.
#[expect(clippy::single_call_fn, reason = "as a classifier is")]
const fn class(_: &RedisError) -> Class {
    Class::Unavailable
}

/// Stands for a query.
#[expect(
    clippy::unused_async,
    clippy::single_call_fn,
    reason = "stands for a query"
)]
async fn database(_: &mut MultiplexedConnection, key: &str) -> RedisResult<Option<u64>> {
    Ok(key.bytes().next().map(u64::from))
}

/// What is not to be repeated.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(fallback = Ok(0))]
pub async fn count(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.incr("key", 1_i64).await
}
