use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", version = 0)]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", version = "2")]
async fn quoted(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
