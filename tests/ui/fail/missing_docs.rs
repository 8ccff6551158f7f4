//! The attribute does not speak for those who say nothing.
#![deny(missing_docs)]

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

/// Documented.
#[redis_resilient]
pub async fn documented(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.get(1).await
}

#[redis_resilient]
pub async fn undocumented(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.get(1).await
}

fn main() {}
