use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(key = "user:{id}", stale = "0s")]
async fn literal(redis: &Connector, id: u64) -> RedisResult<String> {
    redis.get().await?.get(id).await
}

#[redis_resilient(key = "user:{id}", stale = false)]
async fn off(redis: &Connector, id: u64) -> RedisResult<String> {
    redis.get().await?.get(id).await
}

fn main() {}
