//! Functions that call themselves.

use async_recursion::async_recursion;
use redis::RedisResult;
use redis_resilient::redis_resilient;

use crate::support::{Redis, TestResult};

// row 50a | recursion through `Box::pin(f(n - 1)).await`
#[tokio::test]
async fn row_50_recursion_through_a_box() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn count(redis: &Redis, n: u32) -> RedisResult<u32> {
        if n == 0 {
            return redis.get().await;
        }
        Ok(Box::pin(count(redis, n - 1)).await? + 10)
    }
    let redis = Redis::starting();
    assert_eq!(count(&redis, 2).await?, 23);
    assert_eq!(redis.asked(), 3, "the innermost call tried again");
    Ok(())
}

// row 50c | `#[async_recursion]` below ours
#[tokio::test]
async fn row_50_async_recursion_below() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    #[async_recursion]
    async fn count(redis: &Redis, n: u32) -> RedisResult<u32> {
        if n == 0 {
            return redis.get().await;
        }
        Ok(count(redis, n - 1).await? + 10)
    }
    let redis = Redis::starting();
    assert_eq!(count(&redis, 2).await?, 23);
    assert_eq!(redis.asked(), 3);
    Ok(())
}
