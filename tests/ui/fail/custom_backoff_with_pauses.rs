use std::time::Duration;

use redis::RedisResult;
use redis_resilient::{Backoff, redis_resilient};

const SLOW: Backoff = Backoff::fixed(Duration::from_secs(1));

#[redis_resilient(backoff = SLOW, delay = "1s", jitter = "full")]
fn get() -> RedisResult<u64> {
    Ok(1)
}

fn main() {}
