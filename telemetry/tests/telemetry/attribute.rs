//! Calls of annotated functions, of all shapes, counted by how they end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::registry::{CallCounts, FunctionSnapshot};
use redis_resilient::{Breaker, Registry, redis_resilient};

fn gone() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

fn function(name: &str) -> FunctionSnapshot {
    let all = Registry::global().functions();
    let found = all.into_iter().find(|function| function.name == name);
    found.unwrap_or_else(|| panic!("{name} is not listed"))
}

fn calls(name: &str) -> CallCounts {
    function(name).calls.expect("they are counted")
}

/// What a function under test answers: 0 is a failure.
async fn redis(answer: u32) -> RedisResult<u32> {
    redis_blocking(answer)
}

fn redis_blocking(answer: u32) -> RedisResult<u32> {
    match answer {
        0 => Err(gone()),
        answer => Ok(answer),
    }
}

#[redis_resilient(name = "plain", breaker = false, retries = 0)]
async fn plain(answer: u32) -> RedisResult<u32> {
    redis(answer).await
}

#[redis_resilient(name = "bare", breaker = false, timeout = false, retries = 0)]
async fn bare(answer: u32) -> RedisResult<u32> {
    redis(answer).await
}

#[redis_resilient(name = "sync", breaker = false, retries = 0)]
fn sync(answer: u32) -> RedisResult<u32> {
    redis_blocking(answer)
}

#[redis_resilient(name = "sync open", breaker = SYNC_OPEN, retries = 0)]
fn sync_open(answer: u32) -> RedisResult<u32> {
    redis_blocking(answer)
}
static SYNC_OPEN: Breaker = Breaker::new("telemetry: sync open");

#[tokio::test]
async fn functions_without_a_fallback_end_with_redis_error_or_refusal() {
    for answer in [1, 1, 0] {
        let _ = plain(answer).await;
        let _ = bare(answer).await;
        let _ = sync(answer);
    }
    for name in ["plain", "bare", "sync"] {
        let calls = calls(name);
        assert_eq!(
            (calls.redis, calls.failed, calls.total()),
            (2, 1, 3),
            "{name}"
        );
    }
    SYNC_OPEN.force_open(None);
    assert!(sync_open(1).is_err());
    assert_eq!(calls("sync open").rejected, 1);
    assert_eq!(calls("sync open").total(), 1);
}

static RETRIED: AtomicU32 = AtomicU32::new(0);

#[redis_resilient(name = "retried", breaker = false, retries = 1, delay = "1ms")]
async fn retried() -> RedisResult<u32> {
    redis(RETRIED.fetch_add(1, Ordering::Relaxed)).await
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_later_attempt_is_counted_as_retried() {
    assert!(retried().await.is_ok());
    assert_eq!(calls("retried").retried, 1);
    assert_eq!(calls("retried").total(), 1);
    assert_eq!(function("retried").retries, 1);
}

#[redis_resilient(name = "falls back", breaker = false, retries = 0, fallback = [second(answer), third(answer), Ok(9)])]
async fn falls_back(answer: u32) -> RedisResult<u32> {
    redis(u32::from(answer == 1)).await
}

async fn second(answer: u32) -> RedisResult<u32> {
    redis(u32::from(answer == 2)).await
}

async fn third(answer: u32) -> RedisResult<u32> {
    redis(u32::from(answer == 3)).await
}

#[redis_resilient(name = "falls back, sync", breaker = FULL, retries = 0, fallback = |_error| redis_blocking(fallen))]
fn falls_back_sync(answer: u32, fallen: u32) -> RedisResult<u32> {
    redis_blocking(answer)
}
static FULL: Breaker = Breaker::new("telemetry: full").failure_threshold(100);

#[tokio::test]
async fn each_fallback_of_a_list_is_counted_by_its_place() {
    for answer in [1, 2, 3, 4, 4] {
        assert!(falls_back(answer).await.is_ok());
    }
    let list = calls("falls back");
    assert_eq!(
        (list.redis, list.fallbacks, list.total()),
        (1, [1, 1, 2], 5)
    );

    let _ = falls_back_sync(0, 1);
    let _ = falls_back_sync(0, 0);
    FULL.force_open(None);
    let _ = falls_back_sync(1, 1);
    let one = calls("falls back, sync");
    assert_eq!((one.fallbacks[0], one.failed, one.rejected), (2, 1, 0));
}

#[redis_resilient(
    name = "stale",
    breaker = false,
    retries = 0,
    stale = "1h",
    key = "a",
    skip(answer)
)]
async fn stale(answer: u32) -> RedisResult<u32> {
    redis(answer).await
}

#[redis_resilient(name = "stale after fallback", breaker = false, retries = 0, stale = "1h", key = "b", skip(answer, fallen), coalesce = true, fallback = redis(fallen))]
async fn stale_after(answer: u32, fallen: u32) -> RedisResult<u32> {
    redis(answer).await
}

#[tokio::test]
async fn the_last_good_value_is_counted_as_stale_and_nothing_as_an_error() {
    assert!(stale(0).await.is_err());
    assert!(stale(1).await.is_ok());
    assert!(stale(0).await.is_ok());
    let own = calls("stale");
    assert_eq!(
        (own.redis, own.stale, own.failed, own.total()),
        (1, 1, 1, 3)
    );

    assert!(stale_after(0, 0).await.is_err());
    assert!(stale_after(0, 1).await.is_ok());
    assert!(stale_after(0, 0).await.is_ok());
    let after = calls("stale after fallback");
    let counted = (after.fallbacks[0], after.stale, after.failed, after.total());
    assert_eq!(counted, (1, 1, 1, 3));
}

#[redis_resilient(name = "coalesced", breaker = false, retries = 0, key = "c", coalesce = true, fallback = slow())]
async fn coalesced() -> RedisResult<u32> {
    redis(0).await
}

async fn slow() -> RedisResult<u32> {
    tokio::time::sleep(Duration::from_millis(10)).await;
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn calls_that_share_a_fallback_s_run_are_counted_each() {
    let (one, other) = tokio::join!(coalesced(), coalesced());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(calls("coalesced").fallbacks[0], 2);
    assert_eq!(calls("coalesced").total(), 2);
}
