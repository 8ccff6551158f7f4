use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(key = "user:{id}", coalesce = true)]
async fn no_fallback(redis: &Connector, id: u64) -> RedisResult<String> {
    redis.get().await?.get(id).await
}

#[redis_resilient(fallback = Ok(String::new()), key = "user:{id}", coalesce = true)]
async fn plain_value(redis: &Connector, id: u64) -> RedisResult<String> {
    redis.get().await?.get(id).await
}

fn main() {}
