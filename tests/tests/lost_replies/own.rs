//! The connection that looks at each command: what shows in the body changes nothing of what it says.

use redis::{AsyncCommands, Commands, RedisError};
use redis_resilient::connection::{Connector, Once};
use redis_resilient::{Class, Classify, redis_resilient};

use super::*;

/// Its reading is lost, its counting is not, or the other way round.
#[redis_resilient(breaker = false, delay = "1ms")]
async fn read_and_count(redis: &Connector, lossy: &Lossy, lost: &str) -> RedisResult<u64> {
    let mut redis = redis.get().await?;
    if lost == "GET" {
        lossy.next();
    }
    let _: Option<u64> = redis.get("n").await?;
    if lost == "INCR" {
        lossy.next();
    }
    redis.incr("n", 1).await
}

#[redis_resilient(breaker = false, delay = "1ms")]
fn read_and_count_blocking(redis: &Connector, lossy: &Lossy, lost: &str) -> RedisResult<u64> {
    let mut redis = redis.get_blocking()?;
    if lost == "GET" {
        lossy.next();
    }
    let _: Option<u64> = redis.get("n")?;
    if lost == "INCR" {
        lossy.next();
    }
    redis.incr("n", 1)
}

#[tokio::test]
async fn a_lost_get_is_asked_again_beside_an_incr_that_is_not() -> TestResult {
    let lossy = Lossy::start()?;
    let redis = Connector::open(lossy.url())?;
    redis.get().await?.ping::<()>().await?;
    assert_eq!(read_and_count(&redis, &lossy, "GET").await?, 1);
    assert_eq!(lossy.tries(), 2);
    let error = read_and_count(&redis, &lossy, "INCR").await;
    let error = error.expect_err("its reply is lost");
    assert_eq!(Class::of(&error), Class::NotIdempotent);
    assert_eq!((lossy.tries(), lossy.counted()?), (1, 2));
    Ok(())
}

#[test]
fn a_lost_get_is_asked_again_in_synchronous_code() -> TestResult {
    let lossy = Lossy::start()?;
    let redis = Connector::open(lossy.url())?;
    redis.get_blocking()?.ping::<()>()?;
    assert_eq!(read_and_count_blocking(&redis, &lossy, "GET")?, 1);
    assert_eq!(lossy.tries(), 2);
    assert!(read_and_count_blocking(&redis, &lossy, "INCR").is_err());
    assert_eq!((lossy.tries(), lossy.counted()?), (1, 2));
    Ok(())
}

/// Decides for itself, and what the connection said is still inside.
#[derive(Debug, thiserror::Error)]
#[error("the store failed")]
struct StoreError(#[from] RedisError);

impl Classify for StoreError {
    fn class(&self) -> Class {
        Class::of(&self.0)
    }
}

#[tokio::test]
async fn an_error_that_has_a_word_of_its_own_hides_nothing() -> TestResult {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn count(redis: &Connector, lossy: &Lossy) -> Result<u64, StoreError> {
        let mut redis = redis.get().await?;
        lossy.next();
        let _: Option<u64> = redis.get("n").await?;
        Ok(redis.incr("n", 1).await?)
    }
    #[redis_resilient(breaker = false, delay = "1ms", classify = |error| Class::of(error))]
    async fn classified(redis: &Connector, lossy: &Lossy) -> RedisResult<u64> {
        let mut redis = redis.get().await?;
        lossy.next();
        let _: Option<u64> = redis.get("n").await?;
        redis.incr("n", 1).await
    }
    let lossy = Lossy::start()?;
    let redis = Connector::open(lossy.url())?;
    redis.get().await?.ping::<()>().await?;
    assert_eq!(count(&redis, &lossy).await?, 1);
    assert_eq!(lossy.tries(), 2);
    assert_eq!(classified(&redis, &lossy).await?, 2);
    assert_eq!(lossy.tries(), 2);
    Ok(())
}

#[tokio::test]
async fn what_is_sent_once_is_sent_again() -> TestResult {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn count(redis: &Connector, lossy: &Lossy, once: &Once) -> RedisResult<u64> {
        let mut redis = redis.get().await?;
        lossy.next();
        once.run(&mut redis, "n", redis::cmd("INCR").arg("n")).await
    }
    let lossy = Lossy::start()?;
    let redis = Connector::open(lossy.url())?;
    redis.get().await?.ping::<()>().await?;
    assert_eq!(count(&redis, &lossy, &Once::new()).await?, 1);
    assert_eq!((lossy.tries(), lossy.counted()?), (2, 1));
    Ok(())
}
