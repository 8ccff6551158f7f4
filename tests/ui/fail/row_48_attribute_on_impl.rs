// row 48 | the attribute on an `impl`, with `#[async_trait]` or without | bon#297

use redis::RedisResult;
use redis_resilient::redis_resilient;

struct Repository;

#[redis_resilient(retries = 3)]
impl Repository {
    fn get(&self) -> RedisResult<u64> {
        Ok(1)
    }
}

#[async_trait::async_trait]
trait Get {
    async fn one(&self) -> RedisResult<u64>;
}

#[async_trait::async_trait]
trait Set {
    async fn one(&self) -> RedisResult<u64>;
}

#[redis_resilient(retries = 3)]
#[async_trait::async_trait]
impl Get for Repository {
    async fn one(&self) -> RedisResult<u64> {
        Ok(1)
    }
}

#[async_trait::async_trait]
#[redis_resilient(retries = 3)]
impl Set for Repository {
    async fn one(&self) -> RedisResult<u64> {
        Ok(1)
    }
}

fn main() {}
