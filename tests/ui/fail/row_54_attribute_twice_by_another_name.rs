// row 54b | the attribute twice, under another name or in a `cfg_attr` | bon#263

use redis::RedisResult;
use redis_resilient::redis_resilient as resilient;

#[resilient(retries = 3)]
#[resilient(fallback = Ok(1))]
fn get() -> RedisResult<u64> {
    Ok(1)
}

#[resilient]
#[cfg_attr(all(), resilient(breaker = false))]
async fn conditional() -> RedisResult<u64> {
    Ok(1)
}

fn main() {}
