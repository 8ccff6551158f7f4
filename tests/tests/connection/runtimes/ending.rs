//! A runtime that ends in the middle, and futures that are dropped outside of any.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redis_resilient::connection::{Lock, Once};

use super::*;

#[test]
fn a_build_ends_with_its_runtime_and_the_next_begins_anew() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    for has_begun in [false, true] {
        for runtime in [one_thread(), threads(2)] {
            proxy.set(WireFault::BlackHole);
            if has_begun {
                runtime.block_on(async { drop(tokio::time::timeout(MS(50), redis.get()).await) });
            } else {
                begin(&runtime, redis.get());
            }
            drop(runtime);
            proxy.pass();
            soon(&one_thread(), ping(&redis))?;
        }
    }
    Ok(())
}

#[test]
fn one_that_ends_as_it_tries_again_after_a_failure_makes_room_at_once() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    let runtime = one_thread();
    proxy.set(WireFault::Refuse);
    assert!(runtime.block_on(redis.get()).is_err());
    std::thread::sleep(MS(60));
    proxy.set(WireFault::BlackHole);
    runtime.block_on(async { drop(tokio::time::timeout(MS(50), redis.get()).await) });
    drop(runtime);
    proxy.pass();
    soon(&one_thread(), ping(&redis))?;
    Ok(())
}

/// Polls it so many times on the runtime, has it stand still, and drops it outside.
fn dropped_outside(
    runtime: &Runtime,
    pause: Duration,
    future: impl Future<Output = RedisResult<()>>,
) -> bool {
    let mut future = Box::pin(future);
    runtime.block_on(async {
        drop(tokio::time::timeout(MS(30), future.as_mut()).await);
    });
    std::thread::sleep(pause);
    catch_unwind(AssertUnwindSafe(move || drop(future))).is_ok()
}

#[test]
fn what_is_dropped_outside_of_a_runtime_does_not_panic() -> TestResult {
    let (_server, proxy) = proxied()?;
    let runtime = threads(2);
    for fault in [WireFault::BlackHole, WireFault::Delay(MS(20))] {
        for is_connected in [false, true] {
            for which in 0..9 {
                let redis = connector(&proxy.url())?;
                proxy.pass();
                if is_connected {
                    runtime.block_on(ping(&redis))?;
                }
                proxy.set(fault);
                let future = async {
                    let mut own = redis.get().await?;
                    match which {
                        0 => own.get::<_, Option<u64>>("n").await.map(drop),
                        1 => own.incr("n", 1).await,
                        2 => redis::pipe().incr("n", 1).exec_async(&mut own).await,
                        3 => own.blpop("none", 1.0).await,
                        4 => redis.dedicated().await.map(drop),
                        5 => redis.pubsub().await.map(drop),
                        6 => Lock::new("lock").acquire(&redis, LONG).await.map(drop),
                        7 => {
                            let lock = Lock::new("lock");
                            lock.hold(&redis, LONG, async |_| std::future::pending().await)
                                .await
                        }
                        _ => {
                            let incr = redis::cmd("INCR").arg("n").to_owned();
                            Once::new().run(&mut own, "n", &incr).await
                        }
                    }
                };
                let pause = if which % 2 == 0 { 2 * RESPONSE } else { MS(0) };
                assert!(
                    dropped_outside(&runtime, pause, future),
                    "{which} panics under {fault:?}, connected: {is_connected}"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_held_may_be_dropped_outside_of_a_runtime_and_after_it() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    let runtime = threads(2);
    let held = || {
        runtime.block_on(async {
            let connection = redis.get().await?;
            let dedicated = redis.dedicated().await?;
            let key = fastrand::u64(..).to_string();
            let guard = Lock::new(&key).acquire(&redis, LONG).await?;
            let mut subscription = redis.subscribe("news");
            subscription.next().await;
            RedisResult::Ok((connection, dedicated, guard.keep_alive(), subscription))
        })
    };
    let (before, after) = (held()?, held()?);
    drop(before);
    drop(runtime);
    drop(after);
    soon(&one_thread(), ping(&redis))?;
    Ok(())
}

#[test]
fn a_command_to_a_frozen_server_of_a_cluster_is_dropped_outside_of_a_runtime() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = Connector::cluster(cluster.urls())?
        .connect_timeout(CONNECT)
        .response_timeout(RESPONSE)
        .build();
    let runtime = threads(2);
    let key = cluster.key_on(0);
    runtime.block_on(async { redis.get().await?.set::<_, _, ()>(&key, 1).await })?;
    cluster.freeze(0);
    for which in 0..4 {
        let future = async {
            let mut own = redis.get().await?;
            match which {
                0 => own.get::<_, Option<u64>>(&key).await.map(drop),
                1 => redis::pipe().incr(&key, 1).exec_async(&mut own).await,
                2 => own
                    .mget::<_, Vec<Option<u64>>>((&key, "a", "b"))
                    .await
                    .map(drop),
                _ => redis::cmd("DBSIZE")
                    .query_async::<u64>(&mut own)
                    .await
                    .map(drop),
            }
        };
        assert!(dropped_outside(&runtime, 2 * RESPONSE, future), "{which}");
    }
    cluster.thaw(0);
    Ok(())
}
