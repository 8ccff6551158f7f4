//! What callers send, each in one of the ways that applications send things.

use std::time::Duration;

use redis::{AsyncCommands, Commands, RedisResult, ScriptInvocation, cmd, pipe};
use redis_resilient::connection::{Connector, Once};
use redis_resilient::redis_resilient;

/// Of each call.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

// The pauses of all attempts are longer than the deadline, which is what ends a call.

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", timeout = "2s", deadline = DEADLINE, breaker = false)]
pub(super) async fn command(redis: &Connector, key: &str) -> RedisResult<u64> {
    redis.get().await?.incr(key, 1).await
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", deadline = DEADLINE, breaker = false)]
pub(super) fn command_blocking(redis: &Connector, key: &str) -> RedisResult<u64> {
    redis.get_blocking()?.incr(key, 1)
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", timeout = "2s", deadline = DEADLINE, breaker = false)]
pub(super) async fn transaction(redis: &Connector, key: &str) -> RedisResult<u64> {
    let mut pipe = pipe();
    pipe.atomic().incr(key, 1).expire(key, 3_600).ignore();
    let (count,) = pipe.query_async(&mut redis.get().await?).await?;
    Ok(count)
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", deadline = DEADLINE, breaker = false)]
pub(super) fn transaction_blocking(redis: &Connector, key: &str) -> RedisResult<u64> {
    let mut pipe = pipe();
    pipe.atomic().incr(key, 1).expire(key, 3_600).ignore();
    let (count,) = pipe.query(&mut redis.get_blocking()?)?;
    Ok(count)
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", timeout = "2s", deadline = DEADLINE, breaker = false)]
pub(super) async fn pipeline(redis: &Connector, key: &str) -> RedisResult<u64> {
    let mut pipe = pipe();
    pipe.incr(key, 1).get(key).ignore();
    let (count,) = pipe.query_async(&mut redis.get().await?).await?;
    Ok(count)
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", deadline = DEADLINE, breaker = false)]
pub(super) fn pipeline_blocking(redis: &Connector, key: &str) -> RedisResult<u64> {
    let mut pipe = pipe();
    pipe.incr(key, 1).get(key).ignore();
    let (count,) = pipe.query(&mut redis.get_blocking()?)?;
    Ok(count)
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", timeout = "2s", deadline = DEADLINE, breaker = false)]
pub(super) async fn script(redis: &Connector, script: &ScriptInvocation<'_>) -> RedisResult<u64> {
    script.invoke_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", deadline = DEADLINE, breaker = false)]
pub(super) fn script_blocking(
    redis: &Connector,
    script: &ScriptInvocation<'_>,
) -> RedisResult<u64> {
    script.invoke(&mut redis.get_blocking()?)
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", timeout = "2s", deadline = DEADLINE, breaker = false)]
pub(super) async fn once(redis: &Connector, once: &Once, key: &str) -> RedisResult<u64> {
    let mut redis = redis.get().await?;
    once.run(&mut redis, key, cmd("INCR").arg(key)).await
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", deadline = DEADLINE, breaker = false)]
pub(super) fn once_blocking(redis: &Connector, once: &Once, key: &str) -> RedisResult<u64> {
    let mut redis = redis.get_blocking()?;
    once.run_blocking(&mut redis, key, cmd("INCR").arg(key))
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", timeout = "2s", deadline = DEADLINE, breaker = false)]
pub(super) async fn read(redis: &Connector, keys: &[String]) -> RedisResult<Vec<u64>> {
    redis.get().await?.mget(keys).await
}

#[redis_resilient(retries = 100, backoff = "fixed", delay = "100ms", jitter = "equal", deadline = DEADLINE, breaker = false)]
pub(super) fn read_blocking(redis: &Connector, keys: &[String]) -> RedisResult<Vec<u64>> {
    redis.get_blocking()?.mget(keys)
}
