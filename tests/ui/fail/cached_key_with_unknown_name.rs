use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{idd}", ttl = "10m", skip(id))]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{self.tenant}:{id}", ttl = "10m")]
async fn no_method(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
