//! The attribute in edition 2024.

#[path = "../../shared.rs"]
mod shared;

use redis_resilient::redis_resilient;
use shared::{Redis, TestResult};

#[tokio::test]
async fn let_chains() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn get(redis: &Redis, limit: Option<u32>) -> redis::RedisResult<u32> {
        if let asked = redis.get().await?
            && let Some(limit) = limit
            && asked < limit
        {
            return Ok(asked);
        }
        Ok(0)
    }
    assert_eq!(get(&Redis::starting(), Some(10)).await?, 3);
    Ok(())
}

#[tokio::test]
async fn impl_trait_that_captures_no_lifetime() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    fn numbers(redis: &Redis) -> redis::RedisResult<impl Iterator<Item = u32> + use<>> {
        Ok(0..redis.ask()?)
    }
    let numbers = {
        let redis = Redis::starting();
        numbers(&redis)?
    };
    assert_eq!(numbers.sum::<u32>(), 3);
    Ok(())
}

#[tokio::test]
async fn raw_name_of_a_keyword() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none", retries = 1, fallback = from_database, clone(r#gen))]
    async fn r#gen(redis: &Redis, r#gen: String) -> redis::RedisResult<String> {
        redis.get().await.map(|_| r#gen)
    }
    async fn from_database(redis: &Redis, key: String) -> redis::RedisResult<String> {
        redis.get().await.or(Ok(0)).map(|_| key + "!")
    }
    assert_eq!(r#gen(&Redis::starting(), "key".to_owned()).await?, "key!");
    Ok(())
}
