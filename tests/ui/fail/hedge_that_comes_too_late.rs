use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(hedge = "1s")]
async fn default_timeout(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

#[redis_resilient(hedge = "2s", timeout = false, deadline = "1s")]
async fn deadline(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

#[redis_resilient(hedge = "0s")]
async fn zero(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

fn main() {}
