use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

struct Way(u64);
struct Repository(Connector);

#[redis_cached(key = "user:{id}", ttl = "10m", background = true, skip(way))]
async fn load(redis: &Connector, id: u64, way: &Way) -> RedisResult<u64> {
    Ok(id + way.0)
}

impl Repository {
    #[redis_cached(key = "user:{id}", ttl = "10m", redis = self.0, refresh_ahead = true)]
    async fn load(&self, id: u64) -> RedisResult<u64> {
        Ok(id)
    }
}

fn main() {}
