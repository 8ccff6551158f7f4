//! What lints say to a function of the user, and do not say to ours.

use redis::RedisResult;
use redis_resilient::redis_resilient;

use crate::support::{Redis, TestResult};

// row 65 | every lint of the compiler denied, and of Clippy when it runs over the tests; `forbid(unsafe_code)` | pin-project's `tests/lint`
mod all_denied {
    #![forbid(unsafe_code)]
    #![deny(warnings, let_underscore, nonstandard_style, unused)]
    #![deny(
        single_use_lifetimes,
        trivial_casts,
        trivial_numeric_casts,
        unit_bindings,
        unused_import_braces,
        unused_lifetimes,
        unused_qualifications,
        unused_results,
        variant_size_differences
    )]
    #![deny(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
    #![allow(
        clippy::allow_attributes,
        clippy::blanket_clippy_restriction_lints,
        clippy::implicit_return,
        clippy::missing_docs_in_private_items,
        clippy::pub_with_shorthand,
        clippy::question_mark_used,
        clippy::redundant_pub_crate,
        clippy::single_call_fn,
        reason = "they are about what the user wrote"
    )]

    use super::{Redis, RedisResult, redis_resilient};

    #[redis_resilient(retries = 2, backoff = "none", breaker = false)]
    pub(crate) async fn bare(redis: &Redis) -> RedisResult<u32> {
        redis.get().await
    }

    #[redis_resilient(
        delay = "1ms",
        max_delay = "2ms",
        factor = 3.0,
        timeout = "1s",
        deadline = "5s",
        breaker = false,
        fallback = [|error| Err(error), from_database],
        clone(key)
    )]
    pub(crate) async fn full(redis: &mut Redis, key: String) -> RedisResult<String> {
        let asked = redis.get_mut().await?;
        drop(key);
        Ok(asked.to_string())
    }

    async fn from_database(redis: &mut Redis, key: String) -> RedisResult<String> {
        redis.get_mut().await.map(|_asked| key)
    }

    #[redis_resilient(breaker = false, backoff = "none", retries = 1, fallback = Ok(7))]
    pub(crate) fn sync(redis: &Redis) -> RedisResult<u32> {
        redis.ask()
    }

    #[redis_resilient(breaker = false, backoff = "none", clone(key))]
    pub(crate) fn cloned(redis: &Redis, key: String) -> RedisResult<usize> {
        let _asked = redis.ask()?;
        Ok(key.into_bytes().len())
    }
}

#[tokio::test]
async fn row_65_all_lints() -> TestResult {
    assert_eq!(all_denied::bare(&Redis::starting()).await?, 3);
    assert_eq!(
        all_denied::full(&mut Redis::starting(), "key".into()).await?,
        "3"
    );
    assert_eq!(all_denied::sync(&Redis::starting())?, 7);
    assert_eq!(all_denied::cloned(&Redis::starting(), "key".into())?, 3);
    Ok(())
}

// row 66a | a lint that the user expects in his own function: `dead_code`, `unused_variables`, `unused_mut`, `unused_must_use` | tracing#1366, tracing#3108, fastrace#156
mod expected {
    #![deny(unfulfilled_lint_expectations)]

    use super::{Redis, RedisResult, redis_resilient};

    #[expect(dead_code)]
    #[redis_resilient]
    async fn never_called(redis: &Redis) -> RedisResult<u32> {
        redis.get().await
    }

    #[expect(unused_variables, unused_mut)]
    #[redis_resilient(breaker = false, backoff = "none")]
    pub(super) async fn unused(redis: &Redis, argument: u32) -> RedisResult<u32> {
        let mut never_changed = redis.get().await?;
        Ok(never_changed)
    }

    #[expect(unused_variables)]
    #[redis_resilient(breaker = false, backoff = "none")]
    pub(super) async fn unused_reference(redis: &Redis, argument: &mut u32) -> RedisResult<u32> {
        redis.get().await
    }

    #[redis_resilient(breaker = false, backoff = "none")]
    #[expect(unused_must_use)]
    pub(super) fn ignored(redis: &Redis) -> RedisResult<u32> {
        unused(redis, 1);
        redis.ask()
    }
}

#[tokio::test]
async fn row_66_lints_are_still_found() -> TestResult {
    assert_eq!(expected::unused(&Redis::starting(), 1).await?, 3);
    let redis = Redis::starting();
    assert_eq!(expected::unused_reference(&redis, &mut 1).await?, 3);
    assert_eq!(expected::ignored(&Redis::starting())?, 3);
    Ok(())
}
