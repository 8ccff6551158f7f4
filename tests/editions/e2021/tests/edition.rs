//! The attribute in edition 2021.

#[path = "../../shared.rs"]
mod shared;

use redis_resilient::redis_resilient;
use shared::{Redis, TestResult};

// A name that a later edition took.
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

// An `impl Trait` captures only the types until 2024.
#[tokio::test]
async fn impl_trait_that_captures_no_lifetime() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    fn numbers(redis: &Redis) -> redis::RedisResult<impl Iterator<Item = u32>> {
        Ok(0..redis.ask()?)
    }
    let numbers = {
        let redis = Redis::starting();
        numbers(&redis)?
    };
    assert_eq!(numbers.sum::<u32>(), 3);
    Ok(())
}
