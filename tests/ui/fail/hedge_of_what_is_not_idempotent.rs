use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(hedge = "20ms")]
async fn count(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.incr("n", 1).await
}

#[redis_resilient(hedge = "20ms", idempotent = false)]
async fn take(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

fn main() {}
