use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key)]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl =)]
async fn no_value(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}" ttl = "1m")]
async fn no_comma(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
