// row 66b | what the compiler finds in the user's own code, it still finds | tracing#1366

#![deny(dead_code, unused_must_use, unused_mut, unused_variables, unreachable_code)]

use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient]
fn never_called() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient]
pub async fn unused(argument: u64) -> RedisResult<u64> {
    let mut never_changed = 1;
    Ok(never_changed)
}

#[redis_resilient]
pub fn unused_reference(argument: &mut u64) -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(fallback = used_by_fallback)]
pub async fn get(argument: &mut u64) -> RedisResult<u64> {
    Ok(1)
}

async fn used_by_fallback(argument: &mut u64) -> RedisResult<u64> {
    Ok(*argument)
}

#[redis_resilient]
pub fn ignored() -> RedisResult<u64> {
    unused(1);
    return Ok(1);
    Ok(2)
}

fn main() {}
