use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_db, key = "user:{ids}", coalesce = true)]
async fn get(redis: &Connector, id: u64) -> RedisResult<String> {
    redis.get().await?.get(id).await
}

async fn fetch_db(_: &Connector, id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn main() {}
