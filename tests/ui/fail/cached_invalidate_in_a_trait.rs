use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;
use async_trait::async_trait;

struct Repository(Connector);

#[async_trait]
trait Users {
    async fn user(&self, id: u64) -> RedisResult<u64>;
}

#[async_trait]
impl Users for Repository {
    #[redis_cached(key = "user:{id}", ttl = "10m", redis = self.0, invalidate = forget)]
    async fn user(&self, id: u64) -> RedisResult<u64> {
        Ok(id)
    }
}

fn main() {}
