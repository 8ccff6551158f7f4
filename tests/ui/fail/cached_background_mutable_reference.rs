use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", background = true, skip(log))]
async fn load(redis: &Connector, id: u64, log: &mut Vec<u64>) -> RedisResult<u64> {
    Ok(id)
}

struct Repository(Connector);

impl Repository {
    #[redis_cached(key = "user:{id}", ttl = "10m", redis = self.0, refresh_ahead = true)]
    async fn load(&mut self, id: u64) -> RedisResult<u64> {
        Ok(id)
    }
}

fn main() {}
