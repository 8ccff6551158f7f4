//! Reads from a replica that Sentinels name.

use std::time::Instant;

use redis::{AsyncCommands, Commands, RedisError, Value};
use redis_resilient::Class;
use redis_resilient::connection::Role;
use redis_resilient_testkit::RealSentinel;
use redis_resilient_tests::connect;
use tokio::time::sleep;

use super::*;

/// For what nothing but a busy machine holds up.
const PATIENCE: Duration = Duration::from_secs(30);

fn to_a_replica(sentinels: &RealSentinel) -> RedisResult<Connector> {
    let nodes = sentinels.sentinel_urls();
    Ok(Connector::sentinel(nodes, sentinels.primary_name())?
        .role(Role::Replica)
        .connect_timeout(CONNECT)
        .response_timeout(RESPONSE)
        .health_check_after(MS(100))
        .build())
}

fn port_of((_, port): (String, u16)) -> u16 {
    port
}

/// The port of the server that the connection leads to.
#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "50ms",
    jitter = "none",
    deadline = "5s",
    breaker = false
)]
async fn port(redis: &mut Connection) -> RedisResult<u16> {
    let mut ask = redis::cmd("CONFIG");
    ask.arg("GET").arg("port");
    ask.query_async(redis).await.map(port_of)
}

fn port_blocking(redis: &mut BlockingConnection) -> RedisResult<u16> {
    redis::cmd("CONFIG")
        .arg("GET")
        .arg("port")
        .query(redis)
        .map(port_of)
}

async fn comes_to(redis: &mut Connection, wanted: impl Fn(u16) -> bool) -> TestResult {
    let end = Instant::now() + PATIENCE;
    loop {
        let port = port(redis).await?;
        if wanted(port) {
            return Ok(());
        }
        assert!(Instant::now() < end, "it stays at {port}");
        sleep(MS(50)).await;
    }
}

#[tokio::test]
async fn it_reads_from_a_replica_and_a_refused_write_ends_nothing() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let primary = sentinels.primary().addr().port();
    let connector = to_a_replica(&sentinels)?;
    let mut redis = connector.get().await?;
    let own = port(&mut redis).await?;
    assert_ne!(own, primary);
    let identify = redis::cmd("CLIENT").arg("ID").to_owned();
    let before: u64 = identify.query_async(&mut redis).await?;
    let refused: RedisError = redis
        .set::<_, _, ()>("k", 1)
        .await
        .expect_err("it is a replica");
    assert!(refused.to_string().contains("read only"), "{refused}");
    assert_eq!(Class::of(&refused), Class::Permanent);
    let mixed = redis::pipe()
        .get("k")
        .set("k", 1)
        .exec_async(&mut redis)
        .await;
    assert!(mixed.is_err());
    // Each time longer than it goes without asking the Sentinels, who know of two that are as good.
    for _ in 0..10 {
        sleep(MS(120)).await;
        let now: u64 = identify.query_async(&mut redis).await?;
        assert_eq!(now, before, "another connection");
    }

    let mut blocking = connector.get_blocking()?;
    assert_ne!(port_blocking(&mut blocking)?, primary);
    let before: u64 = identify.query(&mut blocking)?;
    let refused: RedisError =
        Commands::set::<_, _, ()>(&mut blocking, "k", 1).expect_err("it is a replica");
    assert_eq!(Class::of(&refused), Class::Permanent);
    assert_eq!(
        identify.query::<u64>(&mut blocking)?,
        before,
        "another connection"
    );
    Ok(())
}

#[tokio::test]
async fn a_replica_that_has_become_the_primary_is_left() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let connector = to_a_replica(&sentinels)?;
    let mut connections = Vec::new();
    for _ in 0..4 {
        // Each is to any of the two.
        connections.push(to_a_replica(&sentinels)?.get().await?);
    }
    let mut idle = connector.get_blocking()?;
    sentinels.failover()?;
    let primary = sentinels.primary().addr().port();
    for redis in &mut connections {
        comes_to(redis, |port| port != primary).await?;
    }
    sleep(MS(200)).await;
    assert_ne!(port_blocking(&mut idle)?, primary);
    Ok(())
}

#[tokio::test]
async fn a_replica_that_is_gone_is_replaced_and_the_last_resort_is_the_primary() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let primary = sentinels.primary().addr().port();
    let connector = to_a_replica(&sentinels)?;
    let mut redis = connector.get().await?;
    let own = port(&mut redis).await?;
    let (first, second): (Vec<_>, Vec<_>) = sentinels
        .servers()
        .iter()
        .filter(|server| server.addr().port() != primary)
        .partition(|server| server.addr().port() == own);
    for server in &first {
        server.kill();
    }
    let other = port(&mut redis).await?;
    assert!(other != own && other != primary, "{other}");
    for server in &second {
        server.kill();
    }
    assert_eq!(port(&mut redis).await?, primary);
    assert_eq!(port_blocking(&mut connector.get_blocking()?)?, primary);
    write(&mut redis, "k", 1).await?;
    for server in &second {
        server.restart()?;
    }
    comes_to(&mut redis, |port| port == other).await
}

/// Which says nothing of it itself: the Sentinels have other servers by that name now.
#[tokio::test]
async fn a_replica_that_the_sentinels_do_not_name_any_more_is_left() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let connector = to_a_replica(&sentinels)?;
    let mut redis = connector.get().await?;
    let mut blocking = connector.get_blocking()?;
    let other = redis_resilient_tests::server()?;
    let other_port = other.addr().port();
    for url in sentinels.sentinel_urls() {
        let (mut sentinel, name) = (connect(&url)?, sentinels.primary_name());
        let mut tell = redis::cmd("SENTINEL");
        tell.arg("REMOVE").arg(name).exec(&mut sentinel)?;
        let mut tell = redis::cmd("SENTINEL");
        tell.arg("MONITOR")
            .arg(name)
            .arg("127.0.0.1")
            .arg(other_port);
        let _: Value = tell.arg(2).query(&mut sentinel)?;
    }
    comes_to(&mut redis, |port| port == other_port).await?;
    sleep(MS(200)).await;
    assert_eq!(port_blocking(&mut blocking)?, other_port);
    Ok(())
}
