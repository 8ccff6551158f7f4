// row 63 | `const fn` | tracing#2418

use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient]
const fn get() -> RedisResult<u64> {
    Ok(1)
}

fn main() {}
