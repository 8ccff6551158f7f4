use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;
use redis_resilient::redis_resilient;

#[redis_cached(key = "{id}", ttl = "1m")]
#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
#[redis_resilient]
async fn resilient(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
