//! Connections to one shard of a cluster are silent, and nobody is told.

use redis::{AsyncCommands, Commands};
use redis_resilient_testkit::{RealCluster, ReplyCut, WireFault};

use super::clusters::to_the;
use super::*;

#[tokio::test]
async fn a_connection_to_a_shard_that_a_firewall_has_forgotten_is_replaced() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get().await?;
    let key = cluster.key_on(0);
    write(&mut redis, &key, 1).await?;
    cluster.proxy(0).set(WireFault::BlackHoleExisting);
    write(&mut redis, &key, 2).await?;
    Ok(())
}

#[test]
fn synchronous_code_replaces_it_too() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get_blocking()?;
    let key = cluster.key_on(0);
    write_blocking(&mut redis, &key, 1)?;
    cluster.proxy(0).set(WireFault::BlackHoleExisting);
    write_blocking(&mut redis, &key, 2)?;
    Ok(())
}

/// All later replies are one command too late.
#[tokio::test]
async fn a_connection_to_a_shard_that_has_lost_count_is_replaced() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get().await?;
    let key = cluster.key_on(0);
    write(&mut redis, &key, 1).await?;
    cluster.proxy(0).next_reply(ReplyCut::Drop);
    write(&mut redis, &key, 2).await?;
    assert_eq!(redis.get::<_, u64>(&key).await?, 2);
    Ok(())
}

#[tokio::test]
async fn an_application_that_starts_beside_a_black_hole_reaches_the_other_shards() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let (lost, others) = (cluster.key_on(0), [cluster.key_on(1), cluster.key_on(2)]);
    cluster.proxy(0).set(WireFault::BlackHole);
    let mut redis = to_the(&cluster)?.get().await?;
    for key in &others {
        redis.set::<_, _, ()>(key, 1).await?;
    }
    assert!(redis.set::<_, _, ()>(&lost, 1).await.is_err());
    for key in &others {
        redis.set::<_, _, ()>(key, 1).await?;
    }
    cluster.proxy(0).pass();
    write(&mut redis, &lost, 2).await?;
    Ok(())
}

/// One handle for all shards: what is thrown away for one is made anew for the others.
#[test]
fn synchronous_code_that_has_lost_one_shard_reaches_the_others() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get_blocking()?;
    let (lost, others) = (cluster.key_on(0), [cluster.key_on(1), cluster.key_on(2)]);
    for key in others.iter().chain([&lost]) {
        write_blocking(&mut redis, key, 1)?;
    }
    cluster.proxy(0).set(WireFault::BlackHole);
    for _ in 0..3 {
        assert!(redis.set::<_, _, ()>(&lost, 2).is_err());
        for key in &others {
            redis.set::<_, _, ()>(key, 2)?;
        }
    }
    cluster.proxy(0).pass();
    write_blocking(&mut redis, &lost, 3)?;
    Ok(())
}
