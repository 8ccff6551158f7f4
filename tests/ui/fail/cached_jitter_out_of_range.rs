use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", jitter = 10)]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", jitter = 0.9)]
async fn too_much(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", jitter = "full")]
async fn of_the_pauses(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
