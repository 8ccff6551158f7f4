//! Another server has the keys: failovers by Sentinel and in a cluster, slots on the move.

use redis_resilient_testkit::{RealCluster, RealSentinel};

use super::*;

const KEY: &str = "near:1";

fn to_the(sentinels: &RealSentinel) -> RedisResult<Connector> {
    Ok(
        Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?
            .connect_timeout(MS(1000))
            .response_timeout(MS(1000))
            .build(),
    )
}

/// Writes to the primary that Sentinels name, whichever that is, until it is done.
async fn write(connector: &Connector, key: &str, value: u64) -> TestResult {
    until("write", || async {
        let Ok(mut redis) = connector.get().await else {
            return false;
        };
        let written = redis::AsyncCommands::set::<_, _, ()>(&mut redis, key, value).await;
        written.is_ok()
    })
    .await
}

#[tokio::test]
async fn another_primary_is_listened_to_after_a_failover() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let process = Process::over(to_the(&sentinels)?)?;
    let writer = to_the(&sentinels)?;
    write(&writer, KEY, 1).await?;
    process.keep(KEY).await?;
    let old = sentinels.kill_primary();
    process.forgets(KEY).await?;
    sentinels.wait_for_failover(old, PATIENCE)?;
    for value in 2..5 {
        write(&writer, KEY, value).await?;
        process.forgets(KEY).await?;
        process.keep(KEY).await?;
        assert_eq!(process.read(KEY).await?, Read::Near(value));
    }
    Ok(())
}

/// The old primary is well, and stays connected.
#[tokio::test]
async fn a_planned_failover_leaves_nothing_of_the_former_primary() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let process = Process::over(to_the(&sentinels)?)?;
    let writer = to_the(&sentinels)?;
    write(&writer, KEY, 1).await?;
    process.keep(KEY).await?;
    sentinels.failover()?;
    for value in 2..5 {
        write(&writer, KEY, value).await?;
        process.forgets(KEY).await?;
        process.keep(KEY).await?;
        assert_eq!(process.read(KEY).await?, Read::Near(value));
    }
    Ok(())
}

/// A connection that still leads to the former primary brings nothing that is kept.
#[tokio::test]
async fn what_comes_from_another_server_than_is_listened_to_is_not_kept() -> TestResult {
    let (server, former) = (
        redis_resilient_tests::server()?,
        redis_resilient_tests::server()?,
    );
    let process = Process::at(&server.url())?;
    other(&server.url())?.set::<_, _, ()>(KEY, 1)?;
    process.keep(KEY).await?;
    process.near.forget(KEY);
    let elsewhere = builder(&former.url())?.build();
    let ticket = process.near.ticket(KEY);
    let mut redis = elsewhere.get().await?;
    redis::cmd("PING").exec_async(&mut redis).await?;
    let value = || Arc::new(0);
    assert!(!process.near.fill(&ticket, &redis, KEY, value(), 8, None));
    let mut blocking = elsewhere.get_blocking()?;
    redis::cmd("PING").exec(&mut blocking)?;
    assert!(!process.near.fill(&ticket, &blocking, KEY, value(), 8, None));
    let mut blocking = process.connector.get_blocking()?;
    redis::cmd("PING").exec(&mut blocking)?;
    assert!(process.near.fill(&ticket, &blocking, KEY, value(), 8, None));
    Ok(())
}

fn to_all(cluster: &RealCluster) -> RedisResult<Connector> {
    Ok(Connector::cluster(cluster.urls())?
        .connect_timeout(MS(1000))
        .response_timeout(MS(1000))
        .build())
}

/// A key of this prefix on that node.
fn key_on(cluster: &RealCluster, node: usize) -> String {
    let mut keys = (0..).map(|number| format!("{PREFIX}{number}"));
    keys.find(|key| cluster.owner_of(key) == Some(node))
        .expect("there are endless many")
}

#[tokio::test]
async fn all_primaries_of_a_cluster_are_listened_to() -> TestResult {
    let cluster = RealCluster::start()?;
    let process = Process::over(to_all(&cluster)?)?;
    let writer = to_all(&cluster)?;
    for node in 0..3 {
        let key = key_on(&cluster, node);
        for value in 1..4 {
            write(&writer, &key, value).await?;
            process.forgets(&key).await?;
            process.keep(&key).await?;
            assert_eq!(process.read(&key).await?, Read::Near(value));
        }
        assert_eq!(listening(&mut other(&cluster.node(node).url())?)?.len(), 1);
    }
    Ok(())
}

/// What is written from now on is forgotten, and kept anew.
async fn follows(process: &Process, writer: &Connector, key: &str) -> TestResult {
    for value in 2..5 {
        write(writer, key, value).await?;
        process.forgets(key).await?;
        process.keep(key).await?;
        assert_eq!(process.read(key).await?, Read::Near(value));
    }
    Ok(())
}

#[tokio::test]
async fn a_killed_primary_of_a_cluster_is_replaced() -> TestResult {
    let cluster = RealCluster::start()?;
    let process = Process::over(to_all(&cluster)?)?;
    let writer = to_all(&cluster)?;
    let key = key_on(&cluster, 0);
    write(&writer, &key, 1).await?;
    process.keep(&key).await?;
    cluster.kill(0);
    process.forgets(&key).await?;
    follows(&process, &writer, &key).await
}

/// The former primary is well, and nobody in this process sends it anything.
#[tokio::test]
async fn a_planned_failover_in_a_cluster_is_noticed() -> TestResult {
    let cluster = RealCluster::start()?;
    let process = Process::over(to_all(&cluster)?)?;
    let writer = to_all(&cluster)?;
    let key = key_on(&cluster, 0);
    write(&writer, &key, 1).await?;
    process.keep(&key).await?;
    let replica = cluster.replica_of(0).ok_or("no replica")?;
    cluster.failover(replica)?;
    follows(&process, &writer, &key).await
}

/// Nobody in this process sends anything meanwhile: it is the servers that tell.
#[tokio::test]
async fn a_slot_that_has_moved_is_listened_to_where_it_is() -> TestResult {
    let cluster = RealCluster::start()?;
    let process = Process::over(to_all(&cluster)?)?;
    let writer = to_all(&cluster)?;
    let key = key_on(&cluster, 0);
    write(&writer, &key, 1).await?;
    for (value, to) in [(2, 1), (4, 2), (6, 0)] {
        process.keep(&key).await?;
        // On its way: whoever asks for it is sent on.
        let slot = RealCluster::slot_of(&key);
        let on_its_way = cluster.begin_move(slot, to)?;
        while on_its_way.move_keys(10)? > 0 {}
        write(&writer, &key, value).await?;
        process.forgets(&key).await?;
        assert_eq!(process.read(&key).await?, Read::Redis(Some(value)));
        write(&writer, &key, value + 1).await?;
        process.forgets(&key).await?;
        on_its_way.finish()?;
        write(&writer, &key, value + 2).await?;
        process.forgets(&key).await?;
        process.keep(&key).await?;
        assert_eq!(process.read(&key).await?, Read::Near(value + 2));
    }
    Ok(())
}
