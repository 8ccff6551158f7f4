// row 71f | many mistakes in one attribute

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retires = 3, backoff = "exponential", delay = 50, idempotent = 1, clone(ids))]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

fn main() {}
