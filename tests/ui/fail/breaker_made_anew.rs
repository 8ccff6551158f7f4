use redis::RedisResult;
use redis_resilient::{Breaker, redis_resilient};

#[redis_resilient(breaker = Breaker::new("sessions").failure_threshold(3))]
async fn in_place() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(breaker = &Breaker::new("sessions"))]
fn referenced() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(breaker = std::sync::Arc::new(Breaker::new("sessions")))]
fn counted() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(breaker = made())]
fn by_a_function() -> RedisResult<u64> {
    Ok(1)
}

fn made() -> Breaker {
    Breaker::new("sessions")
}

fn main() {
    let _ = (in_place(), referenced(), counted(), by_a_function());
}
