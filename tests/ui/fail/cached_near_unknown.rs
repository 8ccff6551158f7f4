use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", near = "track")]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", near = tracking)]
async fn no_quotes(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", near = "1h")]
async fn longer_than_ttl(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
