//! Methods of traits.

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::redis_resilient;

/// Counts in one way or another.
#[async_trait]
pub trait Counter {
    /// Counts by one.
    async fn count(&mut self, key: String) -> RedisResult<u64>;

    /// Counts nothing.
    ///
    /// # Errors
    /// None.
    #[inline]
    #[redis_resilient(timeout = false)]
    async fn nothing(&self) -> RedisResult<u64> {
        Ok(0)
    }
}

#[async_trait]
#[expect(clippy::missing_trait_methods, reason = "it is a default")]
impl Counter for MultiplexedConnection {
    #[inline]
    #[redis_resilient(fallback = |error| if key.is_empty() { Err(error) } else { Ok(0) })]
    async fn count(&mut self, key: String) -> RedisResult<u64> {
        self.incr(&key, 1_u64).await
    }
}

/// Reads in one way or another.
pub trait Reader {
    /// Reads.
    fn read(&mut self, key: &str) -> impl Future<Output = RedisResult<u64>> + Send;
}

impl Reader for MultiplexedConnection {
    #[inline]
    #[redis_resilient]
    async fn read(&mut self, key: &str) -> RedisResult<u64> {
        self.get(key).await
    }
}
