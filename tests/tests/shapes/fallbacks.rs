//! Fallbacks that are called with the arguments of the function.

use std::future::ready;

use redis::RedisResult;
use redis_resilient::redis_resilient;

use crate::support::{Redis, TestResult};

// row 69 | a fallback that takes a `String` for good, which the attempts borrow
#[tokio::test]
async fn row_69_fallback_takes_ownership() -> TestResult {
    #[redis_resilient(breaker = false, retries = 1, backoff = "none", fallback = from_database)]
    async fn get(redis: &Redis, key: String) -> RedisResult<String> {
        redis.get().await.map(|_| key.clone())
    }
    async fn from_database(_: &Redis, key: String) -> RedisResult<String> {
        ready(Ok(key)).await
    }
    #[redis_resilient(breaker = false, retries = 1, backoff = "none", fallback = from_memory)]
    fn sync(redis: &Redis, key: String) -> RedisResult<String> {
        redis.ask().map(|_| key.clone())
    }
    #[expect(clippy::unnecessary_wraps, reason = "it is a fallback")]
    fn from_memory(_: &Redis, key: String) -> RedisResult<String> {
        Ok(key)
    }
    let redis = Redis::starting();
    let key = String::from("key");
    let place = key.as_ptr();
    let answer = get(&redis, key).await?;
    assert_eq!(
        (answer.as_ptr(), redis.asked()),
        (place, 2),
        "moved, not cloned"
    );
    let answer = sync(&Redis::starting(), answer)?;
    assert_eq!((answer.as_ptr(), answer.as_str()), (place, "key"));
    Ok(())
}
