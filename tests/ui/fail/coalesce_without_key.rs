use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_db, coalesce = true)]
async fn get_user(redis: &Connector, id: u64) -> RedisResult<String> {
    redis.get().await?.get(id).await
}

#[redis_resilient(stale = "10m")]
async fn stale(redis: &Connector, id: u64, lang: &str) -> RedisResult<String> {
    redis.get().await?.get(format!("{id}:{lang}")).await
}

async fn fetch_db(_: &Connector, id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn main() {}
