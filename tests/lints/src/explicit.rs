//! The opposite of what the other modules are held to: here every `return` is written.

#![deny(clippy::implicit_return)]
#![allow(
    clippy::needless_return,
    reason = "has an opposite, which is denied here"
)]

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Commands as _, Connection, RedisResult};
use redis_resilient::redis_resilient;

/// In a trait object.
#[async_trait]
pub trait Count {
    /// Counts.
    async fn count(&self) -> RedisResult<u64>;
}

#[async_trait]
#[expect(clippy::implicit_return, reason = "`async_trait` does that by itself")]
impl Count for MultiplexedConnection {
    #[inline]
    #[redis_resilient]
    async fn count(&self) -> RedisResult<u64> {
        return self.clone().get("key").await;
    }
}

/// Sync.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
pub fn sync(conn: &mut Connection) -> RedisResult<u64> {
    return conn.get("key");
}

/// Async, with a list of fallbacks.
///
/// # Errors
/// What the last fallback says.
#[inline]
#[redis_resilient(fallback = [database, Ok(1)])]
pub async fn with_fallbacks(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    return conn.get("key").await;
}

/// Async, with a fallback that may be full.
///
/// # Errors
/// What the fallback says.
#[inline]
#[redis_resilient(fallback = database)]
pub async fn with_fallback(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    return conn.get("key").await;
}

/// # Errors
/// Never.
async fn database(_: &mut MultiplexedConnection) -> RedisResult<u64> {
    return Ok(1);
}
