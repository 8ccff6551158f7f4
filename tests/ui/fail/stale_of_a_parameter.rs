use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(key = "user:{id}", skip(patience), stale = patience)]
async fn get(redis: &Connector, id: u64, patience: std::time::Duration) -> RedisResult<String> {
    redis.get().await?.get(id).await
}

fn main() {}
