//! One connector on several runtimes: one after the other, at the same time, and some that stand still or are gone.

mod ending;
mod still;

use std::future::Future;
use std::task::{Context, Waker};
use std::time::Instant;

use redis::{AsyncCommands, RedisResult};

use redis_resilient::connection::{Connection, Connector};
use redis_resilient_testkit::{RealCluster, RealSentinel, ReplyCut, WireFault};
use tokio::runtime::{Builder, Runtime};

use super::*;

/// What takes less did not wait for anybody's limit: those are twice as long.
const SOON: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(10);

/// A connector whose limits are seen.
fn patient(url: &str) -> RedisResult<Connector> {
    Ok(Connector::builder(url)?
        .connect_timeout(LONG)
        .response_timeout(LONG)
        .build())
}

fn one_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

fn threads(count: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(count).enable_all();
    builder.build().expect("a runtime")
}

async fn ping(redis: &Connector) -> RedisResult<String> {
    redis.get().await?.ping().await
}

/// Polls it once, and no more.
fn begin<F: Future>(runtime: &Runtime, future: F) {
    let mut future = Box::pin(future);
    let _entered = runtime.enter();
    let poll = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending(), "it is there at once");
}

/// Has it done within a time in which nobody's limit ends.
fn soon<T>(runtime: &Runtime, future: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let begun = Instant::now();
    let value = runtime.block_on(future)?;
    let took = begun.elapsed();
    assert!(took < SOON, "{took:?}");
    Ok(value)
}

#[test]
fn a_static_connector_is_used_by_one_runtime_after_the_other() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    for count in 1..=10 {
        for runtime in [one_thread(), threads(2)] {
            soon(&runtime, async {
                ping(&redis).await?;
                ping(&redis).await
            })?;
        }
        assert_eq!(proxy.accepted(), 2 * count, "one connection each");
    }
    let begun = Instant::now();
    while proxy.open() > 0 {
        assert!(begun.elapsed() < LONG, "{} are open", proxy.open());
        std::thread::sleep(MS(5));
    }
    Ok(())
}

#[test]
fn each_runtime_has_a_connection_of_its_own_and_keeps_it() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    let runtimes = [one_thread(), one_thread(), threads(2)];
    for _ in 0..5 {
        for runtime in &runtimes {
            soon(runtime, ping(&redis))?;
        }
    }
    assert_eq!(proxy.accepted(), 3);
    Ok(())
}

#[test]
fn a_connection_that_was_taken_on_another_runtime_is_replaced_when_that_has_ended() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    let first = threads(2);
    let mut held = soon(&first, redis.get())?;
    soon(&first, held.incr::<_, _, u64>("n", 1))?;
    drop(first);
    let second = one_thread();
    assert_eq!(soon(&second, held.incr::<_, _, u64>("n", 1))?, 2);
    assert_eq!(proxy.accepted(), 2);
    Ok(())
}

/// Twenty runtimes that ask without a pause connect no more often than one.
#[test]
fn many_runtimes_make_no_storm() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let end = ReplyCut::CloseAfter(0);
    proxy.set(WireFault::EachReply(end));
    let time = Duration::from_secs(2);
    let end = Instant::now() + time;
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                one_thread().block_on(async {
                    while Instant::now() < end {
                        assert!(redis.get().await.is_err());
                        tokio::time::sleep(MS(1)).await;
                    }
                });
            });
        }
    });
    proxy.pass();
    // Each may be in the middle of its first when that of another fails.
    let connects = proxy.accepted();
    println!("20 runtimes connect {connects} times in {time:?}");
    assert!((3..=20 + 22).contains(&connects), "{connects} times");
    let runtime = one_thread();
    let begun = Instant::now();
    while runtime.block_on(ping(&redis)).is_err() {
        assert!(begun.elapsed() < LONG, "it does not come back");
        std::thread::sleep(MS(5));
    }
    Ok(())
}

#[tokio::test(flavor = "current_thread")]
async fn tasks_that_stay_on_their_thread_have_a_connection_too() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    let set = tokio::task::LocalSet::new();
    set.run_until(async {
        let own = redis.clone();
        let spawned = tokio::task::spawn_local(async move { ping(&own).await });
        ping(&redis).await?;
        spawned.await.expect("it does not panic")
    })
    .await?;
    ping(&redis).await?;
    assert_eq!(proxy.accepted(), 1);
    Ok(())
}
