use redis::RedisResult;
use redis_resilient::redis_resilient;

struct Repository;

#[async_trait::async_trait]
trait Get {
    async fn get(&self, pair: (u64, u64)) -> RedisResult<u64>;
}

#[async_trait::async_trait]
impl Get for Repository {
    #[redis_resilient(fallback = Self::fetch_db)]
    async fn get(&self, (id, shard): (u64, u64)) -> RedisResult<u64> {
        Ok(id + shard)
    }
}

impl Repository {
    async fn fetch_db(&self, pair: (u64, u64)) -> RedisResult<u64> {
        Ok(pair.0)
    }
}

fn main() {}
