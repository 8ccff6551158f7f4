use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", fallback = from_db)]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", idempotent = true, clone(id))]
async fn others(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", deadline = "1s")]
async fn deadline(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
