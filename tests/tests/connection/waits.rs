//! Commands that wait in the server, over connections that lead nowhere any more.

use redis::{AsyncCommands, Cmd, Commands, cmd};
use redis_resilient::Class;
use redis_resilient_testkit::{RealCluster, WireFault};
use std::time::Instant;

use super::*;

/// Each waits for half a second at most.
fn waiting() -> [Cmd; 6] {
    let words = |line: &str| {
        let mut words = line.split(' ');
        let mut command = cmd(words.next().unwrap_or_default());
        command.arg(words.collect::<Vec<_>>());
        command
    };
    [
        words("BLPOP list 0.5"),
        words("BLMOVE list other LEFT RIGHT 0.5"),
        words("BLMPOP 0.5 1 list LEFT"),
        words("BZPOPMIN zset 0.5"),
        words("XREAD BLOCK 500 STREAMS stream $"),
        words("WAITAOF 0 1 500"),
    ]
}

#[tokio::test]
async fn each_ends_when_its_own_time_is_over() -> TestResult {
    let (_server, proxy) = proxied()?;
    for command in waiting().iter().take(5) {
        let mut redis = connector(&proxy.url())?.get().await?;
        let waits = tokio::spawn({
            let (mut redis, command) = (redis.clone(), command.clone());
            async move { command.query_async::<redis::Value>(&mut redis).await }
        });
        // It has been sent, or is held up on its way.
        redis.get::<_, Option<i64>>("k").await?;
        proxy.set(WireFault::BlackHoleExisting);
        let begun = Instant::now();
        let ended = waits.await?;
        // In time: its own, that for an answer, and what a busy machine adds.
        assert!(begun.elapsed() < MS(500) + CONNECT + RESPONSE + SLACK);
        proxy.pass();
        if let Err(error) = ended {
            assert!(error.is_timeout(), "{error}");
        }
    }
    Ok(())
}

#[test]
fn each_ends_in_time_for_synchronous_code() -> TestResult {
    let (_server, proxy) = proxied()?;
    for command in waiting().iter().take(5) {
        let mut redis = connector(&proxy.url())?.get_blocking()?;
        redis.get::<_, Option<i64>>("k")?;
        proxy.set(WireFault::BlackHoleExisting);
        let begun = Instant::now();
        let error = command.exec(&mut redis).expect_err("silence");
        assert!(begun.elapsed() < MS(500) + CONNECT + RESPONSE + SLACK);
        assert!(error.is_timeout(), "{error}");
        proxy.pass();
        assert_eq!(redis.get::<_, Option<i64>>("k")?, None);
    }
    Ok(())
}

#[tokio::test]
async fn one_that_gets_its_answer_in_time_is_as_long_as_it_says() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let builder = Connector::builder(server.url())?.response_timeout(MS(1000));
    let mut redis = builder.build().get().await?;
    let begun = Instant::now();
    let popped: Option<(String, i64)> = redis.blpop("list", 1.2).await?;
    assert_eq!(popped, None);
    assert!(
        begun.elapsed() >= MS(1200),
        "longer than the response timeout"
    );
    let mut pipe = redis::pipe();
    pipe.cmd("BLPOP")
        .arg("list")
        .arg(0.6)
        .cmd("BLPOP")
        .arg("list")
        .arg(0.6);
    let popped: Vec<redis::Value> = pipe.query_async(&mut redis).await?;
    assert_eq!(popped.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_pop_of_which_nothing_is_heard_is_not_repeated() -> TestResult {
    let (server, proxy) = proxied()?;
    let mut redis = connector(&proxy.url())?.get().await?;
    // Used once, so that it is connected.
    redis
        .blpop::<_, Option<(String, i64)>>("list", 0.01)
        .await?;
    proxy.set(WireFault::BlackHoleExisting);
    let error = redis
        .blpop::<_, Option<(String, i64)>>("list", 0.1)
        .await
        .expect_err("silence");
    assert!(
        matches!(Class::of(&error), Class::NotIdempotent | Class::Unreachable),
        "{error}"
    );
    drop(server);
    Ok(())
}

#[tokio::test]
async fn in_a_cluster_as_well() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = clusters::to_the(&cluster)?.get().await?;
    let list = cluster.key_on(0);
    redis.blpop::<_, Option<(String, i64)>>(&list, 0.01).await?;
    cluster.proxy(0).set(WireFault::BlackHoleExisting);
    let begun = Instant::now();
    let ended = redis.blpop::<_, Option<(String, i64)>>(&list, 0.5).await;
    assert!(begun.elapsed() < MS(500) + 4 * clusters::ANSWER + SLACK);
    drop(ended);
    // The other servers were never concerned.
    redis.set::<_, _, ()>(cluster.key_on(1), 1).await?;
    Ok(())
}

/// What else would tell that the server has gone: nothing is sent over a connection on which a command waits.
#[test]
fn synchronous_code_does_not_wait_for_a_server_that_stands_still() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = builder(&server.url())?.health_check_after(MS(100)).build();
    let mut waiting = redis.get_blocking()?;
    let waits = std::thread::spawn(move || {
        let answer = waiting.blpop::<_, Option<(String, i64)>>("list", 0.0);
        (answer, Instant::now(), waiting)
    });
    // It is looked at, and waited on.
    std::thread::sleep(MS(500));
    assert!(!waits.is_finished());
    let frozen = Instant::now();
    server.freeze();
    let (answer, ended, mut waiting) = waits.join().map_err(|_| "it panicked")?;
    let error = answer.expect_err("nobody answers");
    assert!(ended - frozen < 2 * (MS(100) + RESPONSE + CONNECT) + SLACK);
    assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
    assert!(error.to_string().contains("health checks"), "{error}");
    server.thaw();
    let end = Instant::now() + SLACK;
    while waiting.get::<_, Option<i64>>("k").is_err() {
        assert!(Instant::now() < end, "it does not come back");
        std::thread::sleep(MS(20));
    }
    Ok(())
}

/// Many workers look at it once for all.
#[test]
fn synchronous_workers_that_wait_are_no_load() -> TestResult {
    const WORKERS: usize = 16;
    let (_server, proxy) = proxied()?;
    let redis = builder(&proxy.url())?
        .connect_timeout(SLACK)
        .response_timeout(SLACK)
        .health_check_after(MS(50))
        .build();
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let redis = redis.clone();
            std::thread::spawn(move || {
                let mut redis = redis.get_blocking()?;
                redis.blpop::<_, Option<(String, usize)>>("list", 0.0)
            })
        })
        .collect();
    std::thread::sleep(MS(1000));
    let connected = proxy.accepted();
    assert!(connected <= WORKERS as u64 + 2, "{connected} connects");
    let mut other = redis.get_blocking()?;
    for number in 0..WORKERS {
        other.rpush::<_, _, ()>("list", number)?;
    }
    for worker in workers {
        let popped = worker.join().map_err(|_| "it panicked")??;
        assert!(popped.is_some(), "none was given up");
    }
    Ok(())
}
