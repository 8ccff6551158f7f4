use redis::RedisResult;
use redis_resilient::redis_resilient;

use std::future::Future;
use std::pin::Pin;

#[redis_resilient]
fn get() -> impl Future<Output = RedisResult<u64>> {
    async { Ok(1) }
}

#[redis_resilient]
fn boxed() -> Pin<Box<dyn Future<Output = RedisResult<u64>>>> {
    Box::pin(async { Ok(1) })
}

fn main() {}
