use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

const NEVER: std::time::Duration = std::time::Duration::ZERO;

#[redis_resilient(key = "user:{id}", stale = NEVER)]
async fn get(redis: &Connector, id: u64) -> RedisResult<String> {
    redis.get().await?.get(id).await
}

fn main() {}
