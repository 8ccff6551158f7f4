use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;
use std::time::Duration;

#[redis_cached(key = "user:{id}", ttl = |id| *id)]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = id)]
async fn expression(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = |id: &String| Duration::from_secs(id.len() as u64))]
async fn argument(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
