use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "sum:{a}", ttl = "10m")]
async fn sum(redis: &Connector, (a, b): (u64, u64)) -> RedisResult<u64> {
    Ok(a + b)
}

fn main() {}
