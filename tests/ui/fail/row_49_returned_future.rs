// row 49 | a future that is returned by hand: `impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture` | tracing#1297, tracing#1866

use redis::RedisResult;
use redis_resilient::redis_resilient;

use std::future::Future;
use std::pin::Pin;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[redis_resilient]
fn get() -> impl Future<Output = RedisResult<u64>> {
    async { Ok(1) }
}

#[redis_resilient]
fn boxed() -> Pin<Box<dyn Future<Output = RedisResult<u64>>>> {
    Box::pin(async { Ok(1) })
}

#[redis_resilient]
fn alias(id: &u64) -> BoxFuture<'_, RedisResult<u64>> {
    Box::pin(async { Ok(*id) })
}

trait Get {
    #[redis_resilient]
    fn get(&self) -> impl Future<Output = RedisResult<u64>> + Send {
        async { Ok(1) }
    }
}

fn main() {}
