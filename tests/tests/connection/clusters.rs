//! A cluster loses the owner of some slots.

use std::future::pending;

use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::{Connection, Connector};
use redis_resilient_testkit::RealCluster;

use super::*;

/// How long a server may take to answer that is well, on a machine that is not.
pub(super) const ANSWER: Duration = Duration::from_secs(1);

pub(super) fn to_the(cluster: &RealCluster) -> RedisResult<Connector> {
    Ok(Connector::cluster(cluster.urls())?
        .connect_timeout(ANSWER)
        .response_timeout(ANSWER)
        .build())
}

/// Writes and reads without one retry, until it is stopped or one fails.
async fn goes_on(mut redis: Connection, keys: [String; 2]) -> RedisResult<()> {
    for value in 0_u64.. {
        for key in &keys {
            redis.set::<_, _, ()>(key, value).await?;
            assert_eq!(redis.get::<_, u64>(key).await?, value);
        }
        tokio::time::sleep(MS(10)).await;
    }
    pending().await
}

#[tokio::test]
async fn a_lost_owner_of_slots_is_ridden_out_and_the_others_go_on() -> TestResult {
    let cluster = RealCluster::start()?;
    let mut redis = to_the(&cluster)?.get().await?;
    let (lost, others) = (cluster.key_on(0), [cluster.key_on(1), cluster.key_on(2)]);
    for key in others.iter().chain([&lost]) {
        write(&mut redis, key, 1).await?;
    }
    cluster.kill(0);
    let beside = tokio::spawn(goes_on(redis.clone(), others));
    write(&mut redis, &lost, 2).await?;
    assert_eq!(redis.get::<_, u64>(&lost).await?, 2);
    beside.abort();
    assert!(beside.await.is_err_and(|ended| ended.is_cancelled()));
    Ok(())
}

#[test]
fn a_lost_owner_of_slots_is_ridden_out_by_synchronous_code() -> TestResult {
    let cluster = RealCluster::start()?;
    let mut redis = to_the(&cluster)?.get_blocking()?;
    let lost = cluster.key_on(0);
    write_blocking(&mut redis, &lost, 1)?;
    cluster.kill(0);
    write_blocking(&mut redis, &lost, 2)?;
    assert_eq!(redis.get::<_, u64>(&lost)?, 2);
    Ok(())
}

/// Its connections stay open, and nothing on them says that another one has taken over.
#[tokio::test]
async fn a_frozen_owner_of_slots_is_ridden_out_and_the_others_go_on() -> TestResult {
    let cluster = RealCluster::start()?;
    let mut redis = to_the(&cluster)?.get().await?;
    let (frozen, others) = (cluster.key_on(0), [cluster.key_on(1), cluster.key_on(2)]);
    write(&mut redis, &frozen, 1).await?;
    cluster.freeze(0);
    let beside = tokio::spawn(goes_on(redis.clone(), others));
    write(&mut redis, &frozen, 2).await?;
    assert_eq!(redis.get::<_, u64>(&frozen).await?, 2);
    beside.abort();
    assert!(beside.await.is_err_and(|ended| ended.is_cancelled()));
    Ok(())
}

#[test]
fn a_frozen_owner_of_slots_is_ridden_out_by_synchronous_code() -> TestResult {
    let cluster = RealCluster::start()?;
    let mut redis = to_the(&cluster)?.get_blocking()?;
    let frozen = cluster.key_on(0);
    write_blocking(&mut redis, &frozen, 1)?;
    cluster.freeze(0);
    write_blocking(&mut redis, &frozen, 2)?;
    assert_eq!(redis.get::<_, u64>(&frozen)?, 2);
    Ok(())
}

/// An application that starts while one of the servers that it knows stands still.
#[tokio::test]
async fn a_frozen_seed_keeps_nobody_from_connecting() -> TestResult {
    let cluster = RealCluster::start()?;
    let other = cluster.key_on(1);
    cluster.freeze(0);
    let connector = to_the(&cluster)?;
    write(&mut connector.get().await?, &other, 1).await?;
    let blocking = tokio::task::spawn_blocking(move || {
        let value: RedisResult<u64> = connector.get_blocking()?.get(&other);
        value
    });
    assert_eq!(blocking.await??, 1);
    Ok(())
}

#[tokio::test]
async fn a_command_that_waits_is_not_cut_off() -> TestResult {
    let cluster = RealCluster::start()?;
    let connector = to_the(&cluster)?;
    let (mut waits, mut pushes) = (connector.get().await?, connector.get().await?);
    let popped = tokio::spawn(async move { waits.blpop::<_, (String, u64)>("list", 10.0).await });
    tokio::time::sleep(ANSWER * 2).await;
    pushes.rpush::<_, _, ()>("list", 7).await?;
    assert_eq!(popped.await??, ("list".to_owned(), 7));
    Ok(())
}
