use redis::RedisResult;
use redis_resilient::{Breaker, redis_resilient};
use std::sync::{Arc, Mutex, OnceLock};

static LATER: OnceLock<Breaker> = OnceLock::new();

#[redis_resilient(breaker = LATER)]
async fn later() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(breaker = breaker)]
async fn perhaps(breaker: &Option<Arc<Breaker>>) -> RedisResult<u64> {
    let _ = breaker;
    Ok(1)
}

#[redis_resilient(breaker = breaker.lock())]
fn locked(breaker: &Mutex<Breaker>) -> RedisResult<u64> {
    let _ = breaker;
    Ok(1)
}

fn main() {}
