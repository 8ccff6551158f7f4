//! A lock that is held when its database is left is lost, and whoever holds it is told.

use redis_resilient::connection::{Lock, LockError};

use super::*;

/// Longer than any test takes.
const LOCK: Lock<'static> = Lock::new("lock").lease(Duration::from_secs(600));

fn is_lost<T>(result: RedisResult<T>) -> bool {
    let error = result.err();
    let error = error.as_ref().and_then(|error| LockError::find(error));
    matches!(error, Some(LockError::Lost { .. }))
}

#[tokio::test]
async fn its_guard_learns_of_it_at_once() -> TestResult {
    let (_eu, _us, redis) = two()?;
    let guard = LOCK.try_acquire(&redis).await?.expect("it is free");
    assert!(guard.is_held());
    let lost = tokio::spawn(guard.lost());
    redis.switch_to("us")?;
    assert!(!guard.is_held());
    tokio::time::timeout(PATIENCE, lost).await??;
    assert!(is_lost(guard.extend().await));
    // Where it was is the present one again: it may have been somebody else's meanwhile.
    redis.switch_to("eu")?;
    assert!(!guard.is_held());
    assert!(is_lost(guard.release().await));
    Ok(())
}

#[tokio::test]
async fn work_under_it_is_ended() -> TestResult {
    let (_eu, _us, redis) = two()?;
    let switch = redis.clone();
    let held = LOCK.hold(&redis, PATIENCE, async |_guard| {
        switch.switch_to("us")?;
        std::future::pending::<RedisResult<()>>().await
    });
    let held = tokio::time::timeout(PATIENCE, held).await?;
    assert!(is_lost(held));
    Ok(())
}

#[tokio::test]
async fn it_can_be_acquired_in_the_other_one() -> TestResult {
    let (eu, _us, redis) = two()?;
    let before = LOCK.try_acquire(&redis).await?.expect("it is free");
    eu.kill();
    let after = LOCK.acquire(&redis, PATIENCE).await?;
    assert!(!before.is_held() && after.is_held());
    assert_eq!(present(&redis), "us");
    after.release().await?;
    Ok(())
}

#[test]
fn in_synchronous_code_it_says_so_when_it_is_asked() -> TestResult {
    let (_eu, _us, redis) = two()?;
    let mut guard = LOCK.try_acquire_blocking(&redis)?.expect("it is free");
    assert!(guard.is_held());
    redis.switch_to("us")?;
    assert!(!guard.is_held() && guard.remaining().is_zero());
    assert!(is_lost(guard.extend()));
    redis.switch_to("eu")?;
    assert!(!guard.is_held());
    assert!(is_lost(guard.release()));
    Ok(())
}
