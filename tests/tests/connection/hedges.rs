//! Hedges travel over another connection than the first attempt, and send nothing that must not be sent twice.

use redis_resilient_testkit::{RealCluster, WireFault};
use std::time::Instant;

use super::*;

/// Longer than a test takes: whoever waits for it has not been hedged.
const LONG: Duration = Duration::from_secs(20);

/// A server, a proxy in front of it, and a connector through that which waits for long.
fn setup(
    connections: usize,
) -> Result<(RealRedis, FaultProxy, Connector), Box<dyn std::error::Error>> {
    let server = RealRedis::start()?;
    let proxy = FaultProxy::to(server.addr())?;
    let redis = Connector::builder(proxy.url().as_str())?
        .connect_timeout(LONG)
        .response_timeout(LONG)
        .health_check_after(3 * LONG)
        .connections(connections)
        .build();
    Ok((server, proxy, redis))
}

/// A function of the test's own, for its hedges have a budget of their own.
macro_rules! reads {
    ($name:ident) => {
        #[redis_resilient(hedge = "20ms", timeout = false, breaker = false, retries = 0)]
        async fn $name(redis: &Connector) -> RedisResult<u64> {
            redis.get().await?.get("n").await
        }
    };
}

#[redis_resilient(hedge = "20ms", timeout = false, breaker = false, retries = 0)]
async fn read_together(redis: &Connector) -> RedisResult<(u64, bool)> {
    let mut redis = redis.get().await?;
    redis::pipe()
        .get("n")
        .exists("n")
        .query_async(&mut redis)
        .await
}

/// How often the server has executed this command.
fn executed(server: &RealRedis, command: &str) -> RedisResult<u64> {
    let mut direct = redis::Client::open(server.url())?.get_connection()?;
    let stats: String = redis::cmd("INFO").arg("commandstats").query(&mut direct)?;
    let line = stats
        .lines()
        .find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    let calls = line.and_then(|line| line.split(',').next());
    Ok(calls.map_or(0, |calls| calls.parse().expect("a number")))
}

#[tokio::test]
async fn a_hedge_has_a_connection_of_its_own_which_is_kept() -> TestResult {
    reads!(read);
    let (_server, proxy, redis) = setup(1)?;
    let () = redis.get().await?.set("n", 7).await?;
    proxy.set(WireFault::BlackHoleExisting);
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(read(&redis).await?, 7);
        assert_eq!(read_together(&redis).await?, (7, true));
    }
    assert!(begun.elapsed() < LONG / 2);
    assert_eq!(proxy.accepted(), 2);
    Ok(())
}

#[tokio::test]
async fn of_several_connections_another_one_is_taken() -> TestResult {
    reads!(read);
    let (_server, proxy, redis) = setup(2)?;
    let () = redis.get().await?.set("n", 7).await?;
    proxy.set(WireFault::DelayOne {
        connection: 0,
        delay: LONG,
    });
    let begun = Instant::now();
    for _ in 0..8 {
        assert_eq!(read(&redis).await?, 7);
    }
    assert!(begun.elapsed() < LONG / 2);
    assert_eq!(proxy.accepted(), 2);
    Ok(())
}

/// In a cluster each node has its own. Behind Sentinels it is that of one server, as above.
#[tokio::test]
async fn in_a_cluster_it_leads_to_the_node_that_has_the_key() -> TestResult {
    #[redis_resilient(hedge = "20ms", timeout = false, breaker = false, retries = 0)]
    async fn read(redis: &Connector, key: &str) -> RedisResult<u64> {
        redis.get().await?.get(key).await
    }
    let cluster = RealCluster::start_proxied()?;
    let redis = Connector::cluster(cluster.urls())?
        .connect_timeout(LONG)
        .response_timeout(LONG)
        .health_check_after(3 * LONG)
        .build();
    let (held_up, well) = (cluster.key_on(0), cluster.key_on(1));
    for key in [&held_up, &well] {
        let () = redis.get().await?.set(key, 7).await?;
    }
    let before = [0, 1].map(|node| cluster.proxy(node).accepted());
    cluster.proxy(0).set(WireFault::BlackHoleExisting);
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(read(&redis, &held_up).await?, 7);
        assert_eq!(read(&redis, &well).await?, 7);
    }
    assert!(begun.elapsed() < LONG / 2);
    let made = |node: usize| cluster.proxy(node).accepted() - before[node];
    assert_eq!(made(0), 1, "one that is kept");
    Ok(())
}

#[tokio::test]
async fn many_hedges_share_one_connection() -> TestResult {
    let (_server, proxy, redis) = setup(1)?;
    let () = redis.get().await?.set("n", 7).await?;
    proxy.set(WireFault::BlackHoleExisting);
    let redis: &'static Connector = Box::leak(Box::new(redis));
    let calls: Vec<_> = (0..8).map(|_| tokio::spawn(read_shared(redis))).collect();
    for call in calls {
        assert_eq!(call.await??, 7);
    }
    assert_eq!(proxy.accepted(), 2);
    Ok(())
}

reads!(read_shared);

#[tokio::test]
async fn a_hedge_s_connection_that_is_lost_is_replaced_alone() -> TestResult {
    reads!(read);
    let (server, proxy, redis) = setup(1)?;
    let mut direct = redis::Client::open(server.url())?.get_connection()?;
    let () = redis.get().await?.set("n", 7).await?;
    let delay = WireFault::DelayOne {
        connection: 0,
        delay: MS(300),
    };
    proxy.set(delay);
    assert_eq!(read(&redis).await?, 7);
    assert_eq!(proxy.accepted(), 2);
    let clients: String = redis::cmd("CLIENT").arg("LIST").query(&mut direct)?;
    let last = clients.lines().filter_map(|line| {
        let id = line.strip_prefix("id=")?.split(' ').next()?;
        id.parse::<u64>().ok()
    });
    let last = last.max().ok_or("there is no client")?;
    let killed: u64 = redis::cmd("CLIENT")
        .arg("KILL")
        .arg("ID")
        .arg(last)
        .query(&mut direct)?;
    assert_eq!(killed, 1);
    while proxy.open() > 1 {
        tokio::time::sleep(MS(1)).await;
    }
    // Both attempts may fail to find the new one in time, but none fails the call.
    for _ in 0..3 {
        assert_eq!(read(&redis).await?, 7);
    }
    assert_eq!(
        proxy.accepted(),
        3,
        "the shared connection is the one of before"
    );
    Ok(())
}

#[redis_resilient(hedge = "20ms", timeout = false, breaker = false, retries = 0)]
async fn count(redis: &Connector) -> RedisResult<u64> {
    bump(redis).await
}

#[redis_resilient(hedge = "20ms", timeout = false, breaker = false, retries = 0)]
async fn read_and_count(redis: &Connector) -> RedisResult<u64> {
    let before: Option<u64> = redis.get().await?.get("n").await?;
    Ok(bump(redis).await? + before.unwrap_or_default())
}

/// Of which the attribute sees nothing.
async fn bump(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.incr("n", 1).await
}

#[tokio::test]
async fn what_must_not_be_sent_twice_is_sent_once() -> TestResult {
    let (server, proxy, redis) = setup(1)?;
    // The command that must not be lost is not sent over a connection that may be closed: it is asked first.
    let _: bool = redis.get().await?.exists("n").await?;
    proxy.set(WireFault::DelayOne {
        connection: 0,
        delay: MS(100),
    });
    assert_eq!(count(&redis).await?, 1);
    assert_eq!(executed(&server, "incrby")?, 1);
    assert_eq!(read_and_count(&redis).await?, 3);
    assert_eq!(executed(&server, "incrby")?, 2);
    assert_eq!(executed(&server, "get")?, 2, "it was hedged as far as that");
    Ok(())
}
