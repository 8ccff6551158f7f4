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
    let mut redis = connector(&server.url())?.get().await?;
    let begun = Instant::now();
    let popped: Option<(String, i64)> = redis.blpop("list", 0.6).await?;
    assert_eq!(popped, None);
    assert!(
        begun.elapsed() >= MS(600),
        "longer than the response timeout"
    );
    let mut pipe = redis::pipe();
    pipe.cmd("BLPOP")
        .arg("list")
        .arg(0.3)
        .cmd("BLPOP")
        .arg("list")
        .arg(0.3);
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
        matches!(Class::of(&error), Class::Unrepeatable | Class::Unreachable),
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
