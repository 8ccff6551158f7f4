//! Methods.

use core::time::Duration;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::{Breaker, redis_resilient};

/// Where users are.
#[derive(Debug)]
pub struct Users {
    /// Of this server.
    breaker: Breaker,
    /// To Redis.
    conn: MultiplexedConnection,
    /// How patient to be.
    patience: Duration,
}

impl Users {
    /// Stands for a query, through the connection.
    #[expect(clippy::single_call_fn, reason = "as a fallback is")]
    async fn database(&mut self, id: u64) -> RedisResult<u64> {
        self.conn.mget(id).await
    }

    /// Reads one.
    ///
    /// # Errors
    /// What Redis says.
    #[inline]
    #[redis_resilient(breaker = self.breaker, timeout = self.patience)]
    pub async fn get(&self, id: u64) -> RedisResult<u64> {
        self.conn.clone().get(id).await
    }

    /// Reads one, through the connection that is here.
    ///
    /// # Errors
    /// What the fallback says.
    #[inline]
    #[redis_resilient(fallback = Self::database)]
    pub async fn get_mut(&mut self, id: u64) -> RedisResult<u64> {
        self.conn.get(id).await
    }

    /// Reads one for good.
    ///
    /// # Errors
    /// What the fallback says.
    #[inline]
    #[redis_resilient(fallback = self.last)]
    pub async fn into_get(mut self, id: u64) -> RedisResult<u64> {
        self.conn.get(id).await
    }

    /// Stands for a query.
    #[expect(clippy::unused_async, reason = "stands for a query")]
    async fn last(self, id: u64) -> RedisResult<u64> {
        Ok(id)
    }
}
