//! A value that is read, changed and written back by many at once, whatever fails meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use redis_resilient_tests::server_with;

use super::*;

const WORKERS: u64 = 8;
const ROUNDS: u64 = 12;
const SUM: u64 = WORKERS * ROUNDS;
const KEEPS: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

#[redis_resilient(
    retries = 100,
    delay = "5ms",
    max_delay = "200ms",
    deadline = "20s",
    breaker = false
)]
async fn read(redis: &Connector) -> RedisResult<u64> {
    let n: Option<u64> = redis.get().await?.get("n").await?;
    Ok(n.unwrap_or(0))
}

#[redis_resilient(
    retries = 100,
    delay = "5ms",
    max_delay = "200ms",
    deadline = "20s",
    breaker = false
)]
async fn write(redis: &Connector, n: u64) -> RedisResult<()> {
    redis.get().await?.set("n", n).await
}

#[redis_resilient(
    retries = 100,
    delay = "5ms",
    max_delay = "200ms",
    deadline = "20s",
    breaker = false
)]
fn read_blocking(redis: &Connector) -> RedisResult<u64> {
    let n: Option<u64> = redis.get_blocking()?.get("n")?;
    Ok(n.unwrap_or(0))
}

#[redis_resilient(
    retries = 100,
    delay = "5ms",
    max_delay = "200ms",
    deadline = "20s",
    breaker = false
)]
fn write_blocking(redis: &Connector, n: u64) -> RedisResult<()> {
    redis.get_blocking()?.set("n", n)
}

/// What as many tasks as there are workers leave behind.
async fn sum_of_tasks(redis: &Connector) -> Result<u64, Box<dyn std::error::Error>> {
    let worker = |redis: Connector| async move {
        for _ in 0..ROUNDS {
            LONG.hold(&redis, PATIENCE, async |_| {
                let n = read(&redis).await?;
                write(&redis, n + 1).await
            })
            .await?;
        }
        RedisResult::Ok(())
    };
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| tokio::spawn(worker(redis.clone())))
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(read(redis).await?)
}

/// The same of threads. `fails`: releasing it may fail, and leave it to the lease.
fn sum_of_threads(
    redis: &Connector,
    lock: Lock<'_>,
    fails: bool,
) -> Result<u64, Box<dyn std::error::Error>> {
    let worker = || {
        for _ in 0..ROUNDS {
            let guard = lock.acquire_blocking(redis, PATIENCE)?;
            let n = read_blocking(redis)?;
            write_blocking(redis, n + 1)?;
            match guard.release() {
                Err(error) if !fails || LockError::find(&error).is_some() => return Err(error),
                _ => {}
            }
        }
        RedisResult::Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            worker.join().map_err(|_| "a worker panicked")??;
        }
        Ok(read_blocking(redis)?)
    })
}

/// Cuts all connections after each update: no request is hit again and again.
fn with_cuts<T>(
    work: impl FnOnce(&Connector) -> Result<T, Box<dyn std::error::Error>>,
) -> Result<T, Box<dyn std::error::Error>> {
    let (server, proxy) = proxied()?;
    let (redis, direct) = (patient(&proxy.url())?, patient(&server.url())?);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let cuts = scope.spawn(|| {
            let (mut seen, mut cuts) = (0, 0);
            while !is_over.load(Ordering::Relaxed) {
                let n = read_blocking(&direct)?;
                if n > seen {
                    (seen, cuts) = (n, cuts + 1);
                    proxy.reset_connections();
                }
                thread::sleep(MS(1));
            }
            RedisResult::Ok(cuts)
        });
        let done = work(&redis);
        is_over.store(true, Ordering::Relaxed);
        let cuts = cuts.join().map_err(|_| "it panicked")??;
        assert!(cuts > SUM / 4, "{cuts}");
        done
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_lose_no_update() -> TestResult {
    let (_server, redis) = alone()?;
    assert_eq!(sum_of_tasks(&redis).await?, SUM);
    Ok(())
}

#[test]
fn threads_lose_no_update() -> TestResult {
    let (_server, redis) = alone()?;
    assert_eq!(sum_of_threads(&redis, LONG, false)?, SUM);
    Ok(())
}

#[test]
fn tasks_lose_no_update_when_connections_are_cut() -> TestResult {
    let runtime = tokio::runtime::Runtime::new()?;
    let sum = with_cuts(|redis| runtime.block_on(sum_of_tasks(redis)))?;
    assert_eq!(sum, SUM);
    Ok(())
}

#[test]
fn threads_lose_no_update_when_connections_are_cut() -> TestResult {
    let sum = with_cuts(|redis| sum_of_threads(redis, LONG, false))?;
    assert_eq!(sum, SUM);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_lose_no_update_when_the_server_dies_and_comes_back() -> TestResult {
    let server = server_with(&KEEPS)?;
    let redis = patient(&server.url())?;
    let working = redis.clone();
    let sum = tokio::spawn(async move {
        let sum = sum_of_tasks(&working).await;
        sum.map_err(|error| error.to_string())
    });
    for died_at in [SUM / 4, SUM / 2] {
        while !sum.is_finished() && read(&redis).await? < died_at {
            tokio::time::sleep(MS(2)).await;
        }
        server.kill();
        server.restart()?;
    }
    assert_eq!(sum.await??, SUM);
    Ok(())
}

#[test]
fn threads_lose_no_update_when_the_server_dies_and_comes_back() -> TestResult {
    let server = server_with(&KEEPS)?;
    let redis = patient(&server.url())?;
    thread::scope(|scope| {
        let sum = scope.spawn(|| {
            // Longer than it is away, and waited for where it was away for the release.
            let lock = LOCK.lease(Duration::from_secs(20));
            let sum = sum_of_threads(&redis, lock, true);
            sum.map_err(|error| error.to_string())
        });
        while !sum.is_finished() && read_blocking(&redis)? < SUM / 2 {
            thread::sleep(MS(2));
        }
        server.kill();
        server.restart()?;
        assert_eq!(sum.join().map_err(|_| "it panicked")??, SUM);
        Ok(())
    })
}
