// row 54a | the attribute twice | bon#263

use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(retries = 3)]
#[redis_resilient(fallback = Ok(1))]
fn get() -> RedisResult<u64> {
    Ok(1)
}

fn main() {}
