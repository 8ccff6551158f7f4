use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;
use redis_resilient::Bulkhead;
use std::sync::Arc;

#[derive(Clone)]
struct Repository {
    redis: Connector,
    limit: Arc<Bulkhead>,
}

impl Repository {
    #[redis_cached(key = "user:{id}", ttl = "10m", redis = self.redis, limit = self.limit, background = true)]
    async fn load(&self, id: u64) -> RedisResult<u64> {
        Ok(id)
    }
}

fn main() {}
