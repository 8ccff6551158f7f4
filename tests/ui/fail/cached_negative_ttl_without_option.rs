use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", negative_ttl = "30s")]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", negative_on = is_gone)]
async fn without_ttl(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
