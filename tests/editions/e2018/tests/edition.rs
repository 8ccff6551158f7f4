//! The attribute in edition 2018.

#[path = "../../shared.rs"]
mod shared;

use redis_resilient::redis_resilient;
use shared::{Redis, TestResult};

// Names that later editions took.
#[tokio::test]
async fn names_that_are_keywords_today() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none", retries = 1, fallback = from_database, clone(gen))]
    async fn gen(redis: &Redis, gen: String) -> redis::RedisResult<String> {
        redis.get().await.map(|_| gen)
    }
    async fn from_database(redis: &Redis, key: String) -> redis::RedisResult<String> {
        redis.get().await.or(Ok(0)).map(|_| key + "!")
    }
    assert_eq!(gen(&Redis::starting(), "key".to_owned()).await?, "key!");
    Ok(())
}

// `dyn` was not needed yet.
#[allow(bare_trait_objects)]
#[tokio::test]
async fn trait_objects_without_dyn() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn get(redis: &Redis) -> Result<u32, Box<std::error::Error + Send + Sync>> {
        Ok(redis.get().await?)
    }
    assert!(get(&Redis::starting()).await.is_ok());
    Ok(())
}
