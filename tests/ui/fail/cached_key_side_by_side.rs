use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{first}{second}", ttl = "10m")]
async fn load(redis: &Connector, first: u64, second: u64) -> RedisResult<u64> {
    Ok(first + second)
}

fn main() {}
