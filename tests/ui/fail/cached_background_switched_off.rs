use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", refresh_ahead = true, background = false)]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
