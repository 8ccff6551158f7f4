use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", stale_while_revalidate = "1m")]
fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", background = true, timeout = "1s")]
fn background(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
