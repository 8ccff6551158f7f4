use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(key = "user:{id}", stale = "10m")]
async fn get(redis: &Connector, id: u64, lang: &str) -> RedisResult<String> {
    redis.get().await?.get(format!("{id}:{lang}")).await
}

#[redis_resilient(key = "user:{id}", stale = "10m")]
async fn of_type<T>(redis: &Connector, id: u64) -> RedisResult<T>
where
    T: redis::FromRedisValue + Clone + Send + Sync + 'static,
{
    redis.get().await?.get(id).await
}

fn main() {}
