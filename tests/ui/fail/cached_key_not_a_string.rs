use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = id, ttl = "10m")]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = format!("user:{id}"), ttl = "10m")]
async fn formatted(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
