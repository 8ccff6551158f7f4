//! The network fails in front of one shard of a cluster.

use std::time::Instant;

use redis::{AsyncCommands, Commands, RedisResult, cmd};
use redis_resilient::Class;
use redis_resilient::connection::{BlockingConnection, Connection, Once};
use redis_resilient::redis_resilient;
use redis_resilient_testkit::{RealCluster, ReplyCut, WireFault};

use super::clusters::{ANSWER, to_the};
use super::*;

#[redis_resilient(retries = 3, breaker = false)]
async fn incr(redis: &mut Connection, key: &str) -> RedisResult<i64> {
    redis.incr(key, 1).await
}

#[redis_resilient(retries = 3, breaker = false)]
fn incr_blocking(redis: &mut BlockingConnection, key: &str) -> RedisResult<i64> {
    redis.incr(key, 1)
}

#[redis_resilient(retries = 3, breaker = false)]
async fn incr_once(redis: &mut Connection, once: &Once, key: &str) -> RedisResult<i64> {
    once.run(redis, key, cmd("INCR").arg(key)).await
}

#[redis_resilient(retries = 3, breaker = false)]
fn incr_once_blocking(redis: &mut BlockingConnection, once: &Once, key: &str) -> RedisResult<i64> {
    once.run_blocking(redis, key, cmd("INCR").arg(key))
}

/// What the server of that shard has, past the proxy.
fn kept(cluster: &RealCluster, shard: usize, key: &str) -> RedisResult<Option<i64>> {
    let server = redis::Client::open(cluster.node(shard).url())?;
    server.get_connection()?.get(key)
}

const CUTS: [ReplyCut; 3] = [
    ReplyCut::CloseAfter(0),
    ReplyCut::ResetAfter(0),
    ReplyCut::CloseAfter(2),
];

#[tokio::test]
async fn an_incr_whose_reply_is_lost_is_executed_once() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get().await?;
    for shard in 0..3 {
        for (cut, key) in CUTS.into_iter().zip(keys(&cluster, shard)) {
            // Connected by then.
            assert_eq!(redis.exists::<_, i64>(&key).await?, 0, "{cut:?}");
            cluster.proxy(shard).next_reply(cut);
            let error = incr(&mut redis, &key).await.expect_err("without a reply");
            assert_eq!(Class::of(&error), Class::NotIdempotent, "{cut:?}: {error}");
            assert_eq!(kept(&cluster, shard, &key)?, Some(1), "{cut:?}");
            write(&mut redis, &key, 0).await?;
        }
    }
    Ok(())
}

#[test]
fn an_incr_of_synchronous_code_whose_reply_is_lost_is_executed_once() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get_blocking()?;
    for shard in 0..3 {
        for (cut, key) in CUTS.into_iter().zip(keys(&cluster, shard)) {
            assert_eq!(redis.exists::<_, i64>(&key)?, 0, "{cut:?}");
            cluster.proxy(shard).next_reply(cut);
            let error = incr_blocking(&mut redis, &key).expect_err("without a reply");
            assert_eq!(Class::of(&error), Class::NotIdempotent, "{cut:?}: {error}");
            assert_eq!(kept(&cluster, shard, &key)?, Some(1), "{cut:?}");
            write_blocking(&mut redis, &key, 0)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn with_once_the_incr_is_sent_again_and_executed_once() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get().await?;
    for shard in 0..3 {
        for (cut, key) in CUTS.into_iter().zip(keys(&cluster, shard)) {
            assert_eq!(redis.exists::<_, i64>(&key).await?, 0, "{cut:?}");
            cluster.proxy(shard).next_reply(cut);
            let result = incr_once(&mut redis, &Once::new(), &key).await;
            assert_eq!(result?, 1, "{cut:?}");
            assert_eq!(kept(&cluster, shard, &key)?, Some(1), "{cut:?}");
        }
    }
    Ok(())
}

#[test]
fn with_once_the_incr_of_synchronous_code_is_sent_again_and_executed_once() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get_blocking()?;
    for shard in 0..3 {
        for (cut, key) in CUTS.into_iter().zip(keys(&cluster, shard)) {
            assert_eq!(redis.exists::<_, i64>(&key)?, 0, "{cut:?}");
            cluster.proxy(shard).next_reply(cut);
            let result = incr_once_blocking(&mut redis, &Once::new(), &key);
            assert_eq!(result?, 1, "{cut:?}");
            assert_eq!(kept(&cluster, shard, &key)?, Some(1), "{cut:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_black_hole_before_one_shard_leaves_the_others_alone() -> TestResult {
    let cluster = RealCluster::start_proxied()?;
    let mut redis = to_the(&cluster)?.get().await?;
    let (lost, others) = (cluster.key_on(0), [cluster.key_on(1), cluster.key_on(2)]);
    for key in others.iter().chain([&lost]) {
        write(&mut redis, key, 1).await?;
    }
    cluster.proxy(0).set(WireFault::BlackHole);
    let mut into_the_hole = redis.clone();
    let key = lost.clone();
    let into_the_hole = tokio::spawn(async move {
        for _ in 0..5 {
            let begun = Instant::now();
            let answer = into_the_hole.set::<_, _, ()>(&key, 2).await;
            assert!(answer.is_err_and(|error| error.is_timeout()));
            assert!(begun.elapsed() < ANSWER + SLACK);
        }
    });
    while !into_the_hole.is_finished() {
        for key in &others {
            // Not one retry: these shards are well.
            redis.set::<_, _, ()>(key, 2).await?;
            assert_eq!(redis.get::<_, u64>(key).await?, 2);
        }
        tokio::time::sleep(MS(10)).await;
    }
    into_the_hole.await?;
    cluster.proxy(0).pass();
    write(&mut redis, &lost, 3).await?;
    assert_eq!(redis.get::<_, u64>(&lost).await?, 3);
    Ok(())
}

/// Any number of keys of one shard.
fn keys(cluster: &RealCluster, shard: usize) -> impl Iterator<Item = String> + use<> {
    let key = cluster.key_on(shard);
    (0..).map(move |number| format!("{{{key}}}{number}"))
}
