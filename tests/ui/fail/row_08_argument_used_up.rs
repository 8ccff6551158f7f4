// row 08 | an `impl FnOnce`, an iterator or a stream that the body uses up

use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(retries = 3)]
async fn function(key: impl FnOnce() -> RedisResult<u64>) -> RedisResult<u64> {
    key()
}

#[redis_resilient(retries = 3)]
fn iterator(keys: impl Iterator<Item = u64>) -> RedisResult<u64> {
    Ok(keys.sum())
}

fn main() {}
