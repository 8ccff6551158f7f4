use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;
use redis_resilient::Breaker;

static SESSIONS: Breaker = Breaker::new("sessions");

#[redis_cached(key = "user:{id}", ttl = "10m", limit = 20)]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", limit = SESSIONS)]
async fn breaker(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
