use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(hedge = "20ms")]
async fn outer(redis: &Connector, keys: Vec<String>) -> RedisResult<u64> {
    let mut taken = keys;
    taken.push(String::new());
    redis.get().await?.mget(taken).await
}

#[redis_resilient(hedge = "20ms")]
async fn not_a_result(redis: &Connector) -> Option<u64> {
    redis.get().await.ok()?.get("n").await.ok()
}

fn main() {}
