use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(timeout = "1s")]
fn get() -> RedisResult<u64> {
    Ok(1)
}

fn main() {}
