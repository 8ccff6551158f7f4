//! Databases that are more than one server.

use redis_resilient_testkit::{RealCluster, RealSentinel};

use super::*;

/// The single server takes over for as long as the Sentinels take, and the group is gone back to.
#[tokio::test]
async fn a_group_with_sentinels_and_a_single_server() -> TestResult {
    let (eu, us) = (RealSentinel::start()?, RealRedis::start()?);
    let group = Connector::sentinel(eu.sentinel_urls(), eu.primary_name())?
        .connect_timeout(Duration::from_secs(2))
        .response_timeout(Duration::from_secs(2));
    let redis = watched([
        Database::new("eu", group),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    .grace_period(MS(500))
    .minimum_stay(MS(500))
    .build();
    write(&redis, "k", 1).await;
    assert_eq!(present(&redis), "eu");
    let old = eu.kill_primary();
    until("the group is left", || present(&redis) == "us").await;
    write(&redis, "k", 2).await;
    assert_eq!(kept(&us, "k")?, Some(2));
    eu.wait_for_failover(old, PATIENCE)?;
    until("the group is gone back to", || present(&redis) == "eu").await;
    write(&redis, "k", 3).await;
    assert_eq!(kept(eu.primary(), "k")?, Some(3));
    Ok(())
}

#[tokio::test]
async fn a_single_server_and_a_cluster() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealCluster::start()?);
    let cluster = Connector::cluster(us.urls())?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE);
    let redis = watched([
        Database::new("eu", patient(&eu.url())?),
        Database::new("us", cluster).weight(50),
    ])
    .build();
    let mut connection = redis.get().await?;
    connection.set::<_, _, ()>("k", 1).await?;
    eu.kill();
    write(&redis, "k", 2).await;
    assert_eq!(present(&redis), "us");
    for index in 0..us.nodes().len().min(3) {
        let key = us.key_on(index);
        connection.set::<_, _, ()>(&key, 1).await?;
        assert_eq!(connection.get::<_, u64>(&key).await?, 1);
    }
    eu.restart()?;
    redis.switch_to("eu")?;
    assert_eq!(connection.get::<_, Option<u64>>("only here").await?, None);
    connection.set::<_, _, ()>("k", 3).await?;
    assert_eq!(kept(&eu, "k")?, Some(3));
    Ok(())
}

#[test]
fn synchronous_code_goes_along_to_a_cluster_and_back() -> TestResult {
    use redis::Commands;

    let (eu, us) = (RealRedis::start()?, RealCluster::start()?);
    let cluster = Connector::cluster(us.urls())?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE);
    let redis = watched([
        Database::new("eu", patient(&eu.url())?),
        Database::new("us", cluster).weight(50),
    ])
    .build();
    let mut connection = redis.get_blocking()?;
    connection.set::<_, _, ()>("k", 1)?;
    redis::cmd("WATCH").arg("k").exec(&mut connection)?;
    redis.switch_to("us")?;
    let error = connection
        .set::<_, _, ()>("k", 2)
        .expect_err("it had state");
    assert!(error.to_string().contains("begin anew"), "{error}");
    connection.set::<_, _, ()>("k", 2)?;
    assert_eq!(connection.get::<_, u64>("k")?, 2);
    redis.switch_to("eu")?;
    assert_eq!(connection.get::<_, u64>("k")?, 1);
    Ok(())
}
