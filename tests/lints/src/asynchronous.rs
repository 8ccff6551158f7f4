//! Functions that wait.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::redis_resilient;

/// One line.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
pub async fn bare(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.get("key").await
}

/// With statements and an early return.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(retries = 2)]
pub async fn early_return(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    if id == 0 {
        return Ok(None);
    }
    let found: RedisResult<Option<u64>> = conn.get(id).await;
    found.map(|some| some.filter(|other| *other == id))
}

/// Uses an argument up.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(clone(key))]
pub async fn cloned(conn: &mut MultiplexedConnection, key: String) -> RedisResult<u64> {
    conn.get(key).await
}

/// Changes what it uses up.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(clone(key))]
pub async fn cloned_mut(conn: &mut MultiplexedConnection, mut key: String) -> RedisResult<u64> {
    key.push('s');
    conn.get(key).await
}

/// Nothing around the attempts.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(breaker = false, timeout = false)]
pub async fn switched_off(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.get("key").await
}

/// Nothing to give.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
pub async fn unit(conn: &mut MultiplexedConnection) -> RedisResult<()> {
    conn.incr("key", 1_u64).await
}
