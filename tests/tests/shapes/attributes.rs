//! Other attributes on the same function.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use async_trait::async_trait;
use redis::RedisResult;
use redis_resilient::redis_resilient;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::support::{Redis, TestResult};

// row 42 | inner attributes in the body | tracing#2294, tracing#2307
#[tokio::test]
async fn row_42_inner_attributes() -> TestResult {
    #[deny(unused_variables)]
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn get(redis: &Redis) -> RedisResult<u32> {
        #![allow(unused_variables)]
        let unused = 1;
        redis.get().await
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    fn sync(redis: &Redis) -> RedisResult<u32> {
        #![expect(unused_variables)]
        let unused = 1;
        redis.ask()
    }
    assert_eq!(get(&Redis::starting()).await?, 3);
    assert_eq!(sync(&Redis::starting())?, 3);
    Ok(())
}

#[derive(Clone, Default)]
struct Spans(Arc<AtomicU32>);

impl<S: tracing::Subscriber> Layer<S> for Spans {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::Id,
        _: Context<'_, S>,
    ) {
        // The call has one of its own once an attempt has failed.
        if attributes.metadata().name() != "redis call" {
            assert_eq!(attributes.metadata().name(), "traced");
            self.0.fetch_add(1, Relaxed);
        }
    }
}

// row 51 | `#[tracing::instrument]` below ours: one span for all attempts
#[tokio::test]
async fn row_51_instrument_below() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    #[tracing::instrument(skip(redis))]
    async fn traced(redis: &Redis, key: String) -> RedisResult<String> {
        redis.get().await.map(|asked| format!("{key}{asked}"))
    }
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    assert_eq!(traced(&Redis::starting(), "key".to_owned()).await?, "key3");
    drop(guard);
    assert_eq!(spans.0.load(Relaxed), 1);
    Ok(())
}

#[tokio::test]
async fn row_51_instrument_below_in_async_trait() -> TestResult {
    #[async_trait]
    trait Traced {
        async fn traced(&self, key: String) -> RedisResult<String>;
    }
    #[async_trait]
    impl Traced for Redis {
        #[redis_resilient(breaker = false, backoff = "none")]
        #[tracing::instrument(skip(self))]
        async fn traced(&self, key: String) -> RedisResult<String> {
            self.get().await.map(|asked| format!("{key}{asked}"))
        }
    }
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    assert_eq!(Redis::starting().traced("key".to_owned()).await?, "key3");
    drop(guard);
    assert_eq!(spans.0.load(Relaxed), 1);
    Ok(())
}

// row 53a | `#[test]`, above ours and below
#[test]
#[redis_resilient(breaker = false, backoff = "none")]
fn row_53_test_above() -> RedisResult<()> {
    static REDIS: Redis = Redis::starting();
    assert_eq!(REDIS.ask()?, 3);
    Ok(())
}

#[redis_resilient(breaker = false, backoff = "none")]
#[test]
fn row_53_test_below() -> RedisResult<()> {
    static REDIS: Redis = Redis::starting();
    assert_eq!(REDIS.ask()?, 3);
    Ok(())
}

// row 53b | `#[tokio::test]`, above ours and below | tokio#6497, rstest#291
#[tokio::test]
#[redis_resilient(breaker = false, backoff = "none")]
async fn row_53_tokio_test_above() -> RedisResult<()> {
    static REDIS: Redis = Redis::starting();
    assert_eq!(REDIS.get().await?, 3);
    Ok(())
}

#[redis_resilient(breaker = false, backoff = "none")]
#[tokio::test]
async fn row_53_tokio_test_below() -> RedisResult<()> {
    static REDIS: Redis = Redis::starting();
    assert_eq!(REDIS.get().await?, 3);
    Ok(())
}

// row 53c | `#[tokio::main]`, above ours and below
#[test]
fn row_53_tokio_main() -> TestResult {
    #[tokio::main(flavor = "current_thread")]
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn above(redis: &Redis) -> RedisResult<u32> {
        redis.get().await
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    #[tokio::main(flavor = "current_thread")]
    async fn below(redis: &Redis) -> RedisResult<u32> {
        redis.get().await
    }
    assert_eq!(above(&Redis::starting())?, 3);
    assert_eq!(below(&Redis::starting())?, 3);
    Ok(())
}

// row 55 | `#[cfg_attr(…, redis_resilient(…))]`
#[tokio::test]
async fn row_55_in_a_cfg_attr() -> TestResult {
    #[cfg_attr(test, redis_resilient(breaker = false, backoff = "none"))]
    async fn there(redis: &Redis) -> RedisResult<u32> {
        redis.get().await
    }
    #[cfg_attr(not(test), redis_resilient(breaker = false, backoff = "none"))]
    async fn not_there(redis: &Redis) -> RedisResult<u32> {
        redis.get().await
    }
    assert_eq!(there(&Redis::starting()).await?, 3);
    assert!(not_there(&Redis::starting()).await.is_err());
    Ok(())
}

// row 64 | `#[track_caller]`: in the body, the caller is the function itself | bon#282
#[test]
fn row_64_track_caller() -> TestResult {
    #[redis_resilient(breaker = false)]
    #[track_caller]
    fn caller() -> RedisResult<&'static Location<'static>> {
        Ok(Location::caller())
    }
    #[track_caller]
    fn here() -> &'static Location<'static> {
        Location::caller()
    }
    let before = here();
    let found = caller()?;
    assert_eq!(found.file(), before.file());
    assert!(found.line() < before.line(), "{found}");
    Ok(())
}
