use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", skip(nmae))]
async fn load(redis: &Connector, id: u64, name: &str) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", skip(id))]
async fn in_key(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", skip = redis)]
async fn no_parentheses(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
