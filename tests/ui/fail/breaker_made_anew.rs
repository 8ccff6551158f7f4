use redis::RedisResult;
use redis_resilient::{Breaker, redis_resilient};

const EACH_TIME_ANOTHER: Breaker = Breaker::new("sessions");

#[redis_resilient(breaker = EACH_TIME_ANOTHER)]
async fn named() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(breaker = Breaker::new("sessions").failure_threshold(3))]
async fn in_place() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(breaker = &Breaker::new("sessions"))]
fn referenced() -> RedisResult<u64> {
    Ok(1)
}

fn main() {
    let _ = (named(), in_place(), referenced());
}
