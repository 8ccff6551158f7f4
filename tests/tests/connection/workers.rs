//! Commands that wait without an end, in a server that is gone without a word.

use std::time::Instant;

use redis::{AsyncCommands, cmd};
use redis_resilient::Class;
use redis_resilient_testkit::{RealCluster, RealSentinel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::*;

/// How often a server is looked at here.
const CHECK: Duration = Duration::from_millis(300);
/// In how much time a worker leaves a server that is gone, at the latest; without an end where nobody looks.
const LEAVES: Duration = Duration::from_secs(15);

type Popped = RedisResult<Option<(String, i64)>>;
/// Its name, and its entries.
type Stream = (String, Vec<(String, Vec<(String, i64)>)>);

fn watched(builder: ConnectorBuilder) -> Connector {
    builder
        .connect_timeout(CONNECT)
        .response_timeout(RESPONSE)
        .health_check_after(CHECK)
        .build()
}

/// A worker that waits in the server, without an end where `seconds` is 0.
fn worker(redis: &Connector, list: &str, seconds: f64) -> JoinHandle<Popped> {
    let (redis, list) = (redis.clone(), list.to_owned());
    tokio::spawn(async move { redis.get().await?.blpop(list, seconds).await })
}

/// Waits until so many commands wait in the server.
async fn block(server: &RealRedis, count: usize) -> TestResult {
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let expected = format!("blocked_clients:{count}\r\n");
    let end = Instant::now() + MS(20_000);
    loop {
        let info: String = cmd("INFO").arg("clients").query(&mut observer)?;
        if info.contains(&expected) {
            return Ok(());
        }
        if Instant::now() > end {
            return Err("they do not wait in the server".into());
        }
        sleep(MS(10)).await;
    }
}

#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "100ms",
    jitter = "none",
    timeout = false,
    deadline = "40s",
    breaker = false
)]
async fn next_entry(redis: &Connector, stream: &str) -> RedisResult<Vec<Stream>> {
    let mut read = cmd("XREAD");
    read.arg("BLOCK").arg(0).arg("STREAMS").arg(stream).arg("0");
    read.query_async(&mut redis.get().await?).await
}

/// One that waits for the next entry, on whichever server is the primary.
fn reader(redis: &Connector) -> JoinHandle<RedisResult<Vec<Stream>>> {
    let redis = redis.clone();
    tokio::spawn(async move { next_entry(&redis, "stream").await })
}

fn write_entry(server: &RealRedis) -> TestResult {
    let mut write = cmd("XADD");
    write.arg("stream").arg("*").arg("f").arg(7);
    Ok(write.exec(&mut redis_resilient_tests::connect(&server.url())?)?)
}

#[tokio::test]
async fn a_worker_leaves_a_frozen_server() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = watched(Connector::builder(server.url())?);
    // Without an end, and with one that is far off.
    let workers = [0.0, 3600.0].map(|seconds| worker(&redis, "list", seconds));
    block(&server, 2).await?;
    server.freeze();
    for worker in workers {
        let error = timeout(LEAVES, worker).await??.expect_err("it is frozen");
        // It may have popped something before that.
        assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
        assert!(error.is_timeout(), "{error}");
        assert!(error.to_string().contains("health checks"), "{error}");
    }
    let error = redis
        .get()
        .await
        .expect_err("the shared connection is left too");
    assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    server.thaw();
    Ok(())
}

#[tokio::test]
async fn a_worker_on_a_connection_of_its_own_leaves_as_well() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = watched(Connector::builder(server.url())?);
    let mut own = redis.dedicated().await?;
    let worker = tokio::spawn(async move {
        let popped: Popped = own.blpop("list", 0.0).await;
        (popped, own.is_over())
    });
    block(&server, 1).await?;
    server.freeze();
    let (popped, is_over) = timeout(LEAVES, worker).await??;
    let error = popped.expect_err("it is frozen");
    assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
    assert!(is_over);
    server.thaw();
    Ok(())
}

#[tokio::test]
async fn one_who_waits_for_replicas_leaves_as_well() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = watched(Connector::builder(server.url())?);
    let mut shared = redis.get().await?;
    shared.set::<_, _, ()>("k", 1).await?;
    let waits = tokio::spawn(async move {
        cmd("WAIT")
            .arg(1)
            .arg(0)
            .query_async::<u64>(&mut shared)
            .await
    });
    block(&server, 1).await?;
    server.freeze();
    let error = timeout(LEAVES, waits).await??.expect_err("it is frozen");
    assert_eq!(Class::of(&error), Class::Ambiguous, "{error}");
    server.thaw();
    Ok(())
}

#[tokio::test]
async fn a_server_that_was_busy_for_a_moment_keeps_its_workers() -> TestResult {
    let server = redis_resilient_tests::server()?;
    // Many checks find it silent, and some do not.
    let redis = Connector::builder(server.url())?
        .response_timeout(MS(100))
        .health_check_after(MS(100))
        .give_up_after(100)
        .build();
    let workers: Vec<_> = (0..20).map(|_| worker(&redis, "list", 0.0)).collect();
    block(&server, 20).await?;
    server.freeze();
    sleep(MS(1000)).await;
    server.thaw();
    let items: Vec<i64> = (0..20).collect();
    let mut pusher = redis_resilient_tests::connect(&server.url())?;
    cmd("RPUSH").arg("list").arg(items).exec(&mut pusher)?;
    for worker in workers {
        assert!(timeout(LEAVES, worker).await???.is_some());
    }
    Ok(())
}

#[tokio::test]
async fn a_worker_does_not_care_about_the_shared_connection() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = watched(Connector::builder(server.url())?);
    let worker = worker(&redis, "list", 0.0);
    block(&server, 1).await?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    for _ in 0..5 {
        let clients: String = cmd("CLIENT").arg("LIST").query(&mut observer)?;
        let others = clients
            .lines()
            .filter(|client| !client.contains("cmd=blpop"));
        for client in others {
            let id = client
                .strip_prefix("id=")
                .and_then(|rest| rest.split(' ').next());
            let mut kill = cmd("CLIENT");
            kill.arg("KILL").arg("ID").arg(id).arg("SKIPME").arg("yes");
            kill.exec(&mut observer)?;
        }
        sleep(CHECK + MS(50)).await;
    }
    cmd("RPUSH").arg("list").arg(7).exec(&mut observer)?;
    let popped = timeout(LEAVES, worker).await???;
    assert_eq!(popped, Some(("list".to_owned(), 7)));
    Ok(())
}

#[tokio::test]
async fn many_workers_look_together() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = watched(Connector::builder(server.url())?);
    let workers: Vec<_> = (0..100).map(|_| worker(&redis, "list", 3.0)).collect();
    block(&server, 100).await?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let pings = |observer: &mut redis::Connection| -> RedisResult<u64> {
        let info: String = cmd("INFO").arg("commandstats").query(observer)?;
        let calls = info
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_ping:calls="));
        Ok(calls
            .and_then(|calls| calls.split(',').next()?.parse().ok())
            .unwrap_or(0))
    };
    let (before, begun) = (pings(&mut observer)?, Instant::now());
    for worker in workers {
        worker.await??;
    }
    let sent = pings(&mut observer)? - before;
    let periods = begun.elapsed().as_millis() / CHECK.as_millis() + 1;
    assert!(sent > 0);
    // One look serves all who want one within half of the time between two.
    assert!(
        u128::from(sent) <= 2 * periods,
        "{sent} in {periods} periods"
    );
    Ok(())
}

#[tokio::test]
async fn a_worker_leaves_a_server_that_is_the_primary_no_more() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let builder = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?;
    // It is only the Sentinels' word that can tell.
    let redis = watched(builder.give_up_after(10_000));
    let worker = worker(&redis, "list", 0.0);
    let mut own = redis.dedicated().await?;
    let on_its_own = tokio::spawn(async move {
        let popped: Popped = own.blpop("list", 0.0).await;
        popped
    });
    block(sentinels.primary(), 2).await?;
    let old = sentinels.freeze_primary();
    for worker in [worker, on_its_own] {
        let error = timeout(MS(30_000), worker)
            .await??
            .expect_err("it is frozen");
        assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
        assert!(error.to_string().contains("primary"), "{error}");
    }
    // The next one waits in the new primary.
    let next = reader(&redis);
    sentinels.wait_for_failover(old, MS(20_000))?;
    write_entry(sentinels.primary())?;
    let read = timeout(MS(40_000), next).await???;
    assert_eq!(read.len(), 1);
    sentinels.server(old).thaw();
    Ok(())
}

#[tokio::test]
async fn an_annotated_reader_goes_on_with_the_next_primary() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let builder = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?;
    let redis = watched(builder);
    let reader = reader(&redis);
    block(sentinels.primary(), 1).await?;
    let old = sentinels.freeze_primary();
    sentinels.wait_for_failover(old, MS(20_000))?;
    write_entry(sentinels.primary())?;
    let read = timeout(MS(40_000), reader).await???;
    assert_eq!(read[0].1[0].1, [("f".to_owned(), 7)]);
    sentinels.server(old).thaw();
    Ok(())
}

#[tokio::test]
async fn a_worker_that_is_told_of_the_change_goes_to_the_next_primary() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let builder = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?;
    let redis = watched(builder);
    let reader = reader(&redis);
    block(sentinels.primary(), 1).await?;
    sentinels.failover()?;
    write_entry(sentinels.primary())?;
    let read = timeout(MS(40_000), reader).await???;
    assert_eq!(read.len(), 1);
    Ok(())
}

#[tokio::test]
async fn in_a_cluster_those_leave_whose_server_is_frozen() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = watched(Connector::cluster(cluster.urls())?);
    let (frozen, well) = (cluster.key_on(0), cluster.key_on(1));
    let (leaves, stays) = (worker(&redis, &frozen, 0.0), worker(&redis, &well, 0.0));
    let mut own = redis.dedicated_to(&frozen).await?;
    let key = frozen.clone();
    let on_its_own = tokio::spawn(async move {
        let popped: Popped = own.blpop(key, 0.0).await;
        popped
    });
    block(cluster.node(0), 2).await?;
    block(cluster.node(1), 1).await?;
    cluster.freeze(0);
    for worker in [leaves, on_its_own] {
        let error = timeout(LEAVES, worker).await??.expect_err("it is frozen");
        assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
    }
    cluster.thaw(0);
    cluster.wait_until_ok(MS(20_000))?;
    let mut shared = redis.get().await?;
    write(&mut shared, &cluster.key_on(1), 1).await?;
    let mut pusher = redis_resilient_tests::connect(&cluster.node(1).url())?;
    cmd("DEL").arg(&well).exec(&mut pusher)?;
    cmd("RPUSH").arg(&well).arg(7).exec(&mut pusher)?;
    assert_eq!(timeout(LEAVES, stays).await???, Some((well, 7)));
    Ok(())
}
