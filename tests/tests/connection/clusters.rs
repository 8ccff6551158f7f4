//! A cluster loses the owner of some slots.

use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealCluster;

use super::*;

pub(super) fn to_the(cluster: &RealCluster) -> RedisResult<Connector> {
    Ok(Connector::cluster(cluster.urls())?
        .connect_timeout(CONNECT)
        .response_timeout(RESPONSE)
        .build())
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
    let mut beside = redis.clone();
    let keys = others.clone();
    let beside = tokio::spawn(async move {
        for value in 0..200_u64 {
            for key in &keys {
                // Not one retry: these shards are well.
                beside.set::<_, _, ()>(key, value).await?;
                assert_eq!(beside.get::<_, u64>(key).await?, value);
            }
            tokio::time::sleep(MS(10)).await;
        }
        Ok::<(), redis::RedisError>(())
    });
    write(&mut redis, &lost, 2).await?;
    assert_eq!(redis.get::<_, u64>(&lost).await?, 2);
    beside.await??;
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
