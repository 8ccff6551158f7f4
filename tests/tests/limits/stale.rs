//! `stale`: the last good value in place of an error.

use std::time::Duration;

use redis::{AsyncCommands, Commands, ErrorKind, RedisError, RedisResult};
use redis_resilient::cache::{self, Served};
use redis_resilient::connection::Connector;
use redis_resilient::{Breaker, Bulkhead, redis_resilient};
use redis_resilient_testkit::RealRedis;

use super::outage::{Db, Testing};
use super::{down, is_down};

const KEY: u64 = 7;

async fn row(_: &Connector, db: &Db, id: u64) -> RedisResult<String> {
    db.row(id).await
}

async fn set(redis: &Connector, value: &str) -> RedisResult<()> {
    redis.get().await?.set(KEY, value).await
}

#[tokio::test]
async fn what_redis_or_the_fallback_had_last_is_served_when_both_fail() -> Testing {
    #[redis_resilient(
        breaker = false, retries = 0, fallback = row, key = "user:{id}", coalesce = true, stale = "10m"
    )]
    async fn user(redis: &Connector, db: &Db, id: u64) -> RedisResult<String> {
        redis.get().await?.get(id).await
    }
    let server = RealRedis::start()?;
    let redis = Connector::open(server.url())?;
    let db = Db::open();
    for value in ["first", "second"] {
        set(&redis, value).await?;
        assert_eq!(user(&redis, &db, KEY).await?, value);
    }
    server.kill();
    db.set_down(true);
    let (value, from) = cache::served(user(&redis, &db, KEY)).await;
    assert_eq!(value?, "second");
    assert!(matches!(from, Some(Served::Stale { .. })), "{from:?}");
    // Nobody has seen another one.
    let error = user(&redis, &db, 8).await.expect_err("both are down");
    assert!(
        error.to_string().contains("the database is down"),
        "{error}"
    );
    db.set_down(false);
    assert_eq!(user(&redis, &db, KEY).await?, "row 7 of run 3");
    db.set_down(true);
    assert_eq!(user(&redis, &db, KEY).await?, "row 7 of run 3");
    Ok(())
}

#[tokio::test]
async fn it_is_served_in_place_of_a_call_that_finds_no_room_in_the_fallback() -> Testing {
    static FULL: Bulkhead = Bulkhead::new("full for a stale value", 1);
    #[redis_resilient(
        breaker = false, retries = 0, fallback = row, fallback_limit = FULL, key = "user:{id}", coalesce = true, stale = "10m"
    )]
    async fn user(redis: &Connector, db: &Db, id: u64) -> RedisResult<String> {
        redis.get().await?.get(id).await
    }
    let server = RealRedis::start()?;
    let redis = Connector::open(server.url())?;
    let db = Db::open();
    set(&redis, "first").await?;
    user(&redis, &db, KEY).await?;
    server.kill();
    let permit = FULL.try_acquire()?;
    assert_eq!(user(&redis, &db, KEY).await?, "first");
    assert!(is_down(user(&redis, &db, 8).await));
    assert_eq!(db.runs(), 0);
    drop(permit);
    assert_eq!(user(&redis, &db, KEY).await?, "row 7 of run 1");
    Ok(())
}

#[tokio::test]
async fn it_needs_no_fallback_and_no_error_of_the_call_s_own() -> Testing {
    static CIRCUIT: Breaker = Breaker::new("opens for a stale value").failure_threshold(1);
    #[redis_resilient(breaker = CIRCUIT, retries = 0, key = "user:{id}", stale = "10m")]
    async fn user(redis: &Connector, id: u64) -> RedisResult<String> {
        redis.get().await?.get(id).await
    }
    #[redis_resilient(breaker = false, retries = 0, key = "user:{id}", stale = "10m")]
    fn user_blocking(redis: &Connector, id: u64) -> RedisResult<String> {
        redis.get_blocking()?.get(id)
    }
    let server = RealRedis::start()?;
    let redis = Connector::open(server.url())?;
    set(&redis, "first").await?;
    user(&redis, KEY).await?;
    user_blocking(&redis, KEY)?;
    server.kill();
    // The first has an error of its own, the next ones are refused by the open circuit.
    for _ in 0..3 {
        assert_eq!(user(&redis, KEY).await?, "first");
        assert_eq!(user_blocking(&redis, KEY)?, "first");
    }
    assert!(user(&redis, 8).await.is_err());
    assert!(user_blocking(&redis, 8).is_err());
    Ok(())
}

#[tokio::test]
async fn a_failure_that_has_nothing_to_do_with_redis_is_not_hidden() -> Testing {
    #[redis_resilient(breaker = false, retries = 0, key = "user:{id}", stale = "10m")]
    async fn user(redis: &Connector, id: u64) -> RedisResult<String> {
        redis.get().await?.get(id).await
    }
    let server = RealRedis::start()?;
    let redis = Connector::open(server.url())?;
    set(&redis, "first").await?;
    user(&redis, KEY).await?;
    let () = redis.get().await?.del(KEY).await?;
    let () = redis.get().await?.rpush(KEY, "a list").await?;
    let error = user(&redis, KEY).await.expect_err("it is a list");
    assert_eq!(error.code(), Some("WRONGTYPE"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_that_is_too_old_is_no_better_than_the_error() {
    const PATIENCE: Duration = Duration::from_secs(600);
    #[redis_resilient(breaker = false, retries = 0, fallback = broken, key = "same", skip(value), stale = PATIENCE)]
    async fn get(value: Option<u32>) -> RedisResult<u32> {
        value.ok_or_else(down)
    }
    fn broken(_: Option<u32>) -> RedisResult<u32> {
        Err(RedisError::from((
            ErrorKind::Client,
            "the database is down",
        )))
    }
    assert!(get(None).await.is_err());
    assert_eq!(get(Some(1)).await.ok(), Some(1));
    tokio::time::advance(PATIENCE).await;
    assert_eq!(get(None).await.ok(), Some(1));
    // That it was served makes it no younger.
    tokio::time::advance(Duration::from_millis(1)).await;
    let error = get(None).await.expect_err("it is too old");
    assert_eq!(error.to_string(), "the database is down - Client");
}
