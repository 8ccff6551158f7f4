use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id.len())
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn returned(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id.to_string())
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn question_mark(redis: &Connector, id: u64) -> RedisResult<u64> {
    let id: u64 = "1".parse::<u64>()?;
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
fn sync(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id.to_string())
}

fn main() {}
