//! A runtime that is there and stands still: nobody drives it, or somebody blocks its threads.

use std::sync::mpsc;

use super::*;

/// Others go on while it stands still, asynchronous and blocking ones.
fn others_go_on(redis: &Connector) -> TestResult {
    for runtime in [one_thread(), threads(2)] {
        for _ in 0..3 {
            soon(&runtime, ping(redis))?;
        }
    }
    let begun = Instant::now();
    redis.get_blocking()?;
    assert!(begun.elapsed() < SOON);
    Ok(())
}

#[test]
fn a_build_that_stands_still_is_nobody_else_s() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    let still = one_thread();
    begin(&still, redis.get());
    others_go_on(&redis)?;
    // And when it is driven again, it works.
    soon(&still, ping(&redis))?;
    Ok(())
}

#[test]
fn a_build_that_has_begun_and_stands_still_is_nobody_else_s() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    let still = one_thread();
    proxy.set(WireFault::BlackHole);
    still.block_on(async { drop(tokio::time::timeout(MS(50), redis.get()).await) });
    proxy.pass();
    others_go_on(&redis)?;
    soon(&still, ping(&redis))?;
    Ok(())
}

#[test]
fn one_that_stands_still_as_it_tries_again_after_a_failure_makes_room() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let (still, other) = (one_thread(), one_thread());
    proxy.set(WireFault::Refuse);
    assert!(still.block_on(redis.get()).is_err());
    std::thread::sleep(MS(60));
    proxy.set(WireFault::BlackHole);
    still.block_on(async { drop(tokio::time::timeout(MS(50), redis.get()).await) });
    proxy.pass();
    // The other is told of the failure for as long as the first may take, and no longer.
    let begun = Instant::now();
    while other.block_on(ping(&redis)).is_err() {
        let waited = begun.elapsed();
        assert!(waited < CONNECT + SLACK, "{waited:?}");
        std::thread::sleep(MS(5));
    }
    Ok(())
}

#[test]
fn a_connection_that_stands_still_is_nobody_else_s() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    let still = one_thread();
    let held = soon(&still, async {
        ping(&redis).await?;
        redis.get().await
    })?;
    others_go_on(&redis)?;
    // One that was taken there is left where it is doubted, and where it has to be looked at.
    std::thread::sleep(MS(20));
    let other = one_thread();
    let mut own: Connection = held.clone();
    soon(&other, own.incr::<_, _, u64>("n", 1))?;
    std::thread::sleep(MS(1100));
    let mut own: Connection = held;
    soon(&other, own.get::<_, u64>("n"))?;
    Ok(())
}

#[test]
fn a_check_that_stands_still_is_nobody_else_s() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = Connector::builder(server.url())?
        .response_timeout(LONG)
        .health_check_after(MS(50))
        .build();
    let still = one_thread();
    soon(&still, ping(&redis))?;
    std::thread::sleep(MS(80));
    begin(&still, ping(&redis));
    others_go_on(&redis)?;
    soon(&still, ping(&redis))?;
    Ok(())
}

#[test]
fn sentinels_that_were_asked_on_a_still_runtime_are_asked_again() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let redis = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?
        .connect_timeout(LONG)
        .response_timeout(LONG)
        .health_check_after(MS(50))
        .build();
    let still = one_thread();
    begin(&still, redis.get());
    others_go_on(&redis)?;
    soon(&still, ping(&redis))?;
    std::thread::sleep(MS(80));
    begin(&still, ping(&redis));
    others_go_on(&redis)
}

#[test]
fn a_cluster_that_was_asked_on_a_still_runtime_is_asked_again() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = Connector::cluster(cluster.urls())?
        .connect_timeout(LONG / 3)
        .response_timeout(LONG)
        .build();
    let still = one_thread();
    let all = async || -> RedisResult<()> {
        let mut redis = redis.get().await?;
        for index in 0..3 {
            redis.set::<_, _, ()>(cluster.key_on(index), 1).await?;
        }
        redis
            .mset::<_, _, ()>(&[("a", 1), ("b", 2), ("c", 3)])
            .await?;
        redis::cmd("DBSIZE").query_async::<u64>(&mut redis).await?;
        Ok(())
    };
    begin(&still, redis.get());
    for runtime in [one_thread(), threads(2)] {
        soon(&runtime, all())?;
        soon(&runtime, all())?;
    }
    soon(&still, all())?;
    for runtime in [one_thread(), threads(2)] {
        soon(&runtime, all())?;
    }
    Ok(())
}

/// Keeps its thread for as long as this is not over.
type Block = fn(mpsc::Receiver<()>);

/// The task that builds is in the queue of the one worker thread that does nothing else now, from which no other takes it.
#[test]
fn a_worker_that_somebody_blocks_holds_up_no_other() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let blocks: [Block; 2] = [
        |done| assert!(done.recv_timeout(LONG).is_err()),
        |done| tokio::task::block_in_place(|| assert!(done.recv_timeout(LONG).is_err())),
    ];
    for block in blocks {
        for is_connected in [false, true] {
            let redis = Connector::builder(server.url())?
                .connect_timeout(LONG)
                .response_timeout(LONG)
                .health_check_after(MS(50))
                .build();
            let runtime = threads(4);
            if is_connected {
                // What is under way then is a check.
                soon(&runtime, ping(&redis))?;
                std::thread::sleep(MS(80));
            }
            let (over, done) = mpsc::channel();
            let (tells, is_blocked) = mpsc::channel();
            let first = redis.clone();
            runtime.spawn(async move {
                let mut call = Box::pin(async move { ping(&first).await });
                let poll = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                let _ = tells.send(poll.is_pending());
                block(done);
            });
            assert!(is_blocked.recv()?, "it is there at once");
            let other = runtime.spawn(async move { ping(&redis).await });
            soon(&runtime, async { other.await.expect("it does not panic") })?;
            drop(over);
        }
    }
    Ok(())
}
