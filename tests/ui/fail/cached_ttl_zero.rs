use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "0s")]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = 600)]
async fn no_unit(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
