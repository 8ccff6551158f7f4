//! A lock that is lost while somebody holds it, and learns of it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use redis_resilient::connection::LockGuard;
use redis_resilient_testkit::WireFault;
use tokio::time::{sleep, timeout};

use super::*;

/// Unless told otherwise.
const LEASE: Duration = Duration::from_secs(10);

/// Waits until it knows.
async fn lost(guard: &LockGuard) -> TestResult {
    timeout(PATIENCE, guard.lost()).await?;
    assert!(!guard.is_held());
    assert_eq!(guard.remaining(), MS(0));
    Ok(())
}

/// Until the server's lease is seen to begin anew.
async fn extended(redis: &Connector) -> TestResult {
    let mut redis = redis.get().await?;
    let begun = Instant::now();
    let mut last: i64 = redis.pttl("lock").await?;
    loop {
        sleep(MS(20)).await;
        let left = redis.pttl("lock").await?;
        if left > last {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("nobody extends it: {left} ms").into());
        }
        last = left;
    }
}

#[tokio::test]
async fn the_next_has_it_when_the_lease_ends_and_the_first_is_told() -> TestResult {
    let (_server, redis) = alone()?;
    let first = SHORT.acquire(&redis, MS(0)).await?;
    let second = LONG.acquire(&redis, PATIENCE).await?;
    assert!(!first.is_held(), "the server's lease is the longer");
    lost(&first).await?;
    assert!(second.fencing() > first.fencing());
    assert!(is_lost(first.extend().await));
    assert!(is_lost(first.release().await));
    second.extend().await?;
    second.release().await?;
    Ok(())
}

#[tokio::test]
async fn a_silent_server_does_not_keep_its_end_from_being_seen() -> TestResult {
    let (server, redis) = alone()?;
    let guard = SHORT.acquire(&redis, MS(0)).await?.keep_alive();
    server.freeze();
    let frozen = Instant::now();
    lost(&guard).await?;
    let took = frozen.elapsed();
    assert!(took < Duration::from_secs(3) + SLACK, "{took:?}");
    server.thaw();
    // What was sent meanwhile has been executed by now, and changes nothing.
    redis.get().await?.ping::<()>().await?;
    assert!(!guard.is_held());
    assert!(is_lost(guard.extend().await));
    Ok(())
}

#[tokio::test]
async fn it_is_held_from_when_the_request_was_sent() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    redis.get().await?;
    proxy.set(WireFault::Delay(MS(100)));
    let lease = Duration::from_secs(600);
    // Less what clocks may differ by, and less the time that the answer took.
    let longest = MS(594_000 - 100);
    let guard = LONG.acquire(&redis, MS(0)).await?;
    assert!(guard.remaining() < longest);
    guard.extend().await?;
    assert!(guard.remaining() < longest);
    drop(redis.get_blocking()?);
    let other = Lock::new("other").lease(lease);
    let mut guard = other.acquire_blocking(&redis, MS(0))?;
    assert!(guard.remaining() < longest);
    guard.extend()?;
    assert!(guard.remaining() < longest);
    // An answer that comes after the lease has ended grants nothing.
    let shortest = Lock::new("shortest").lease(MS(20));
    for error in [
        shortest.acquire(&redis, MS(0)).await.err(),
        shortest.acquire_blocking(&redis, PATIENCE).err(),
    ] {
        let error = error.ok_or("it was late")?;
        assert!(matches!(
            LockError::find(&error),
            Some(LockError::Lost { .. })
        ));
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_knows_nothing_of_it_any_more_is_heard() -> TestResult {
    let (_server, redis) = alone()?;
    let guard = LONG.acquire(&redis, MS(0)).await?;
    let notified = tokio::spawn(guard.lost());
    redis.get().await?.del::<_, ()>("lock").await?;
    assert!(guard.is_held(), "nobody has asked the server");
    assert!(is_lost(guard.extend().await));
    assert!(!guard.is_held());
    timeout(PATIENCE, notified).await??;
    let other = LONG.acquire(&redis, MS(0)).await?;
    assert!(is_lost(guard.release().await));
    other.release().await?;
    Ok(())
}

#[tokio::test]
async fn it_is_kept_alive_until_it_is_released_or_lost() -> TestResult {
    let (_server, redis) = alone()?;
    let guard = LOCK.acquire(&redis, MS(0)).await?.keep_alive();
    extended(&redis).await?;
    assert!(guard.remaining() > LEASE / 2);
    guard.release().await?;
    let guard = LOCK.acquire(&redis, MS(0)).await?.keep_alive();
    let other = "somebody else's";
    redis.get().await?.set::<_, _, ()>("lock", other).await?;
    lost(&guard).await?;
    assert!(is_lost(guard.release().await));
    assert_eq!(value(&redis).await?.as_deref(), Some(other));
    Ok(())
}

#[tokio::test]
async fn it_is_held_as_long_as_the_work_takes() -> TestResult {
    let (_server, redis) = alone()?;
    let done = LOCK
        .hold(&redis, MS(0), async |guard| {
            extended(&redis).await?;
            assert!(guard.remaining() > LEASE / 2);
            Ok::<_, Box<dyn std::error::Error>>(7)
        })
        .await?;
    assert_eq!(done, 7);
    assert_eq!(value(&redis).await?, None);
    Ok(())
}

#[tokio::test]
async fn work_that_fails_or_panics_releases_it() -> TestResult {
    #[derive(Debug, thiserror::Error)]
    enum AppError {
        #[error("no money")]
        Broke,
        #[error(transparent)]
        Redis(#[from] redis::RedisError),
    }
    let (_server, redis) = alone()?;
    let work = LONG.hold(&redis, MS(0), async |_| Err::<(), _>(AppError::Broke));
    assert!(matches!(work.await, Err(AppError::Broke)));
    let guard = LONG.try_acquire(&redis).await?.ok_or("released")?;
    let work = LONG.hold(&redis, MS(0), async |_| Ok::<_, AppError>(()));
    let error = work.await.expect_err("it is held");
    assert!(matches!(
        LockError::find(&error),
        Some(LockError::Held { .. })
    ));
    guard.release().await?;
    let panicking = redis.clone();
    let work = tokio::spawn(async move {
        LONG.hold(&panicking, MS(0), async |_| -> RedisResult<()> {
            panic!("on purpose")
        })
        .await
    });
    assert!(work.await.is_err_and(|error| error.is_panic()));
    free(&redis).await
}

#[tokio::test]
async fn work_stops_when_the_lock_is_lost() -> TestResult {
    struct Stopped<'a>(&'a AtomicBool);
    impl Drop for Stopped<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let (_server, redis) = alone()?;
    let stopped = AtomicBool::new(false);
    let work = SHORT.hold(&redis, MS(0), async |_| {
        let _stopped = Stopped(&stopped);
        redis.get().await?.del::<_, ()>("lock").await?;
        std::future::pending::<RedisResult<()>>().await
    });
    assert!(is_lost(timeout(PATIENCE, work).await?));
    assert!(stopped.load(Ordering::Relaxed));
    Ok(())
}

#[tokio::test]
async fn work_that_was_done_after_the_lock_was_lost_is_not_taken_for_done() -> TestResult {
    let (server, redis) = alone()?;
    let work = SHORT.hold(&redis, MS(0), async |guard| {
        // A computation that does not return to the runtime, while somebody else takes the lock.
        std::thread::sleep(guard.remaining() + MS(50));
        let mut other = redis_resilient_tests::connect(&server.url())?;
        Commands::set::<_, _, ()>(&mut other, "lock", "somebody else's")?;
        RedisResult::Ok(())
    });
    assert!(is_lost(work.await));
    assert_eq!(value(&redis).await?.as_deref(), Some("somebody else's"));
    Ok(())
}

/// A long computation elsewhere on the same thread, longer than the lease: the work wakes up together with the end of the lease.
#[test]
fn work_does_not_go_on_after_a_lease_that_ended_while_the_runtime_stood_still() -> TestResult {
    let (_server, redis) = alone()?;
    for held in [true, false] {
        let (late, mut lost) = (AtomicU32::new(0), 0);
        for number in 0..10 {
            // The runtime of the last one has ended, and its connection with it.
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let key = format!("lock {held} {number}");
            let lock = Lock::new(&key).lease(MS(200));
            let work = async |guard: &LockGuard| {
                for _ in 0..40 {
                    sleep(MS(5)).await;
                    if !guard.is_held() {
                        late.fetch_add(1, Ordering::Relaxed);
                    }
                }
                RedisResult::Ok(())
            };
            let result = runtime.block_on(async {
                let kept = async {
                    if held {
                        return lock.hold(&redis, PATIENCE, work).await;
                    }
                    let guard = lock.acquire(&redis, PATIENCE).await?.keep_alive();
                    tokio::select! {
                        biased;
                        () = guard.lost() => Err(std::io::Error::other("lost").into()),
                        result = work(&guard) => result,
                    }
                };
                let blocks = async {
                    sleep(MS(30 + number * 7)).await;
                    std::thread::sleep(MS(400));
                };
                tokio::join!(kept, blocks).0
            });
            lost += u32::from(result.is_err());
        }
        assert_eq!(late.load(Ordering::Relaxed), 0, "of {lost} that were lost");
        assert!(lost >= 5, "{lost}");
    }
    Ok(())
}
