use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(hedge = 20)]
async fn number(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

#[redis_resilient(hedge = true)]
async fn switch(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

#[redis_resilient(hedge = MILLIS)]
async fn other(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("n").await
}

const MILLIS: u64 = 20;

fn main() {}
