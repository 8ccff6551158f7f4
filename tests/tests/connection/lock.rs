//! A lock, on servers that fail in the middle.

mod blocking;
mod exclusion;
mod fencing;
mod losing;
mod replies;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::{Connector, Lock, LockError};
use redis_resilient::{Breaker, Class, State, redis_resilient};
use redis_resilient_testkit::RealRedis;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Instant;

use super::*;

const LOCK: Lock<'static> = Lock::new("lock");
/// Longer than any test takes.
const LONG: Lock<'static> = LOCK.lease(Duration::from_secs(600));
/// To be waited for, and yet no shorter than a busy machine may stand still.
const SHORT: Lock<'static> = LOCK.lease(Duration::from_secs(3));
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server has at the lock's key.
async fn value(redis: &Connector) -> RedisResult<Option<String>> {
    redis.get().await?.get("lock").await
}

/// Waits until the server has nothing there: sooner than by the end of a long lease.
async fn free(redis: &Connector) -> TestResult {
    let begun = Instant::now();
    while value(redis).await?.is_some() {
        if begun.elapsed() > PATIENCE {
            return Err("it is still locked".into());
        }
        tokio::time::sleep(MS(5)).await;
    }
    Ok(())
}

fn is_held<T>(result: RedisResult<T>) -> bool {
    let error = result.err();
    let error = error.as_ref().and_then(|error| LockError::find(error));
    matches!(error, Some(LockError::Held { key, .. }) if key == "lock")
}

fn is_lost<T>(result: RedisResult<T>) -> bool {
    let error = result.err();
    let error = error.as_ref().and_then(|error| LockError::find(error));
    matches!(error, Some(LockError::Lost { key, .. }) if key == "lock")
}

/// What is told here does not depend on how soon a server answers.
fn patient(url: &str) -> RedisResult<Connector> {
    let builder = Connector::builder(url)?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE);
    Ok(builder.build())
}

fn alone() -> Result<(RealRedis, Connector), Box<dyn std::error::Error>> {
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    Ok((server, redis))
}

#[tokio::test]
async fn one_holds_it_until_it_is_released() -> TestResult {
    let (_server, redis) = alone()?;
    let guard = LONG.try_acquire(&redis).await?.ok_or("it is free")?;
    assert!(guard.is_held());
    let (remaining, lease) = (guard.remaining(), Duration::from_secs(600));
    assert!(remaining <= lease && remaining + PATIENCE > lease);
    assert!(LONG.try_acquire(&redis).await?.is_none());
    guard.extend().await?;
    guard.release().await?;
    assert_eq!(value(&redis).await?, None);
    let again = LONG.try_acquire(&redis).await?.ok_or("it is free")?;
    again.release().await?;
    Ok(())
}

#[tokio::test]
async fn who_waits_gets_it_or_is_told_that_it_is_held() -> TestResult {
    let (_server, redis) = alone()?;
    let guard = LONG.acquire(&redis, MS(0)).await?;
    let begun = Instant::now();
    assert!(is_held(LONG.acquire(&redis, MS(200)).await));
    assert!(begun.elapsed() >= MS(200));
    let (waiting, released) = tokio::join!(LONG.acquire(&redis, PATIENCE), async {
        tokio::time::sleep(MS(50)).await;
        guard.release().await
    });
    released?;
    assert!(waiting?.is_held());
    Ok(())
}

#[tokio::test]
async fn a_guard_that_is_dropped_releases_it() -> TestResult {
    let (_server, redis) = alone()?;
    let guard = LONG.acquire(&redis, MS(0)).await?.keep_alive();
    let lost = guard.lost();
    drop(guard);
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(lost).poll(&mut context).is_ready(), "told at once");
    free(&redis).await?;
    // On a thread that knows nothing of the runtime.
    let guard = LONG.acquire(&redis, MS(0)).await?;
    std::thread::spawn(move || drop(guard))
        .join()
        .map_err(|_| "it panicked")?;
    free(&redis).await
}

#[tokio::test]
async fn a_guard_leaves_no_task_behind() -> TestResult {
    let (_server, redis) = alone()?;
    // The runtime's watchdog begins with the first command that waits, and stays.
    free(&redis).await?;
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let guard = LONG.acquire(&redis, MS(0)).await?.keep_alive();
    // Until it sleeps.
    tokio::task::yield_now().await;
    assert_eq!(tasks(), before + 1);
    drop(guard);
    let begun = Instant::now();
    while tasks() > before {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(MS(5)).await;
    }
    Ok(())
}

#[test]
fn a_guard_that_outlives_its_runtime_leaves_it_to_the_lease() -> TestResult {
    let (_server, redis) = alone()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let guard = runtime.block_on(LONG.acquire(&redis, MS(0)))?;
    drop(runtime);
    drop(guard);
    Ok(())
}

#[tokio::test]
async fn who_stops_waiting_for_an_answer_leaves_nothing_behind() -> TestResult {
    let (server, proxy) = proxied()?;
    let (redis, direct) = (patient(&proxy.url())?, patient(&server.url())?);
    redis.get().await?;
    proxy.set(redis_resilient_testkit::WireFault::Delay(MS(100)));
    let acquire = tokio::time::timeout(MS(30), LONG.acquire(&redis, PATIENCE));
    assert!(acquire.await.is_err());
    let guard = LONG.acquire(&direct, PATIENCE).await?;
    // What is on its way for the one who left takes nothing away.
    tokio::time::sleep(MS(300)).await;
    guard.release().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_away_for_a_while_is_waited_for() -> TestResult {
    let (server, redis) = alone()?;
    server.kill();
    let error = LONG.try_acquire(&redis).await.expect_err("it is away");
    assert_eq!(Class::of(&error), Class::Unreachable);
    let begun = Instant::now();
    let error = LONG.acquire(&redis, MS(200)).await.expect_err("still away");
    assert_eq!(Class::of(&error), Class::Unreachable);
    assert!(begun.elapsed() >= MS(200));
    let waiting = tokio::spawn(async move { LONG.acquire(&redis, PATIENCE).await });
    server.restart()?;
    assert!(waiting.await??.is_held());
    Ok(())
}

#[tokio::test]
async fn what_is_no_lock_is_not_touched() -> TestResult {
    let (_server, redis) = alone()?;
    let mut connection = redis.get().await?;
    // A lock of somebody who does it by hand, then data of another type.
    connection.set::<_, _, ()>("lock", "by hand").await?;
    assert!(LONG.try_acquire(&redis).await?.is_none());
    assert_eq!(value(&redis).await?.as_deref(), Some("by hand"));
    connection.del::<_, ()>("lock").await?;
    connection.rpush::<_, _, ()>("lock", "data").await?;
    let begun = Instant::now();
    let error = LONG
        .acquire(&redis, PATIENCE)
        .await
        .expect_err("it is a list");
    assert_eq!(Class::of(&error), Class::Permanent);
    assert!(begun.elapsed() < PATIENCE, "that does not pass");
    Ok(())
}

#[tokio::test]
async fn a_lock_that_is_held_is_no_failure_for_an_annotated_function() -> TestResult {
    static BREAKER: Breaker = Breaker::new("locked").failure_threshold(1);

    #[redis_resilient(retries = 3, breaker = BREAKER)]
    async fn annotated(redis: &Connector, calls: &mut u32) -> RedisResult<()> {
        *calls += 1;
        LONG.acquire(redis, MS(0)).await?.release().await
    }

    #[redis_resilient(retries = 3, breaker = BREAKER, fallback = Ok(7))]
    async fn with_fallback(redis: &Connector) -> RedisResult<u32> {
        LONG.acquire(redis, MS(0)).await?.release().await?;
        Ok(1)
    }

    let (_server, redis) = alone()?;
    let guard = LONG.acquire(&redis, MS(0)).await?;
    let mut calls = 0;
    assert!(is_held(annotated(&redis, &mut calls).await));
    assert_eq!(calls, 1);
    assert_eq!(with_fallback(&redis).await?, 7);
    assert_eq!(BREAKER.snapshot().state, State::Closed);
    guard.release().await?;
    annotated(&redis, &mut calls).await?;
    assert_eq!(with_fallback(&redis).await?, 1);
    Ok(())
}

#[tokio::test]
async fn nothing_shows_the_token() -> TestResult {
    let (_server, redis) = alone()?;
    let token = async || -> Result<String, Box<dyn std::error::Error>> {
        let value = value(&redis).await?.ok_or("it is locked")?;
        let (token, number) = value.split_once(':').ok_or("a token and a number")?;
        assert_eq!(token.len(), 32);
        assert!(number.parse::<u64>().is_ok());
        Ok(token.to_owned())
    };
    let guard = LONG.acquire(&redis, MS(0)).await?.keep_alive();
    let first = token().await?;
    assert!(!format!("{guard:?}").contains(&first), "{guard:?}");
    guard.release().await?;
    let guard = LONG.acquire_blocking(&redis, MS(0))?;
    let second = token().await?;
    assert!(!format!("{guard:?}").contains(&second), "{guard:?}");
    assert_ne!(first, second);
    Ok(())
}
