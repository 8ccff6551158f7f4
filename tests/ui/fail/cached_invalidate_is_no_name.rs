use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", invalidate = free)]
async fn free(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", invalidate = other::forget)]
async fn elsewhere(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
