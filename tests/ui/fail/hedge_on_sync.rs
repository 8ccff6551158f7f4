use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(hedge = "20ms")]
fn get() -> RedisResult<u64> {
    Ok(1)
}

fn main() {}
