use redis::{RedisResult, ToRedisArgs};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(clone(prefix))]
async fn generic<K: ToRedisArgs + Clone + Send + Sync>(redis: &Connector, prefix: String, key: K) -> RedisResult<u64> {
    let _ = prefix;
    redis::cmd("GET").arg(key).query_async(&mut redis.get().await?).await
}

#[redis_resilient]
async fn spawned(redis: Connector) -> RedisResult<()> {
    let _ = tokio::spawn(async move { redis.get().await.map(drop) }).await;
    Ok(())
}

#[redis_resilient]
fn many(keys: impl IntoIterator<Item = u64>) -> RedisResult<u64> {
    Ok(keys.into_iter().sum())
}

fn main() {}
