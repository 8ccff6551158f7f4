use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", stale_if_error = life, skip(life))]
async fn load(redis: &Connector, id: u64, life: std::time::Duration) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", timeout = self.timeout)]
async fn method(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
