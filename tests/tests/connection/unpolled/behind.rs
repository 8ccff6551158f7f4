//! The same behind Sentinels and in a cluster.

use redis_resilient_testkit::{RealCluster, RealSentinel};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_left_behind_sentinels_holds_nobody_up() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let urls = sentinels.sentinel_urls();
    let connector = || {
        Ok(Connector::sentinel(urls.clone(), sentinels.primary_name())?
            .connect_timeout(PATIENCE)
            .response_timeout(PATIENCE)
            .health_check_after(DOUBTED)
            .build())
    };
    let some = [
        "Connector::get",
        "a command that must not",
        "a pipeline",
        "Lock::acquire",
    ];
    for (name, make) in ALL {
        if some.iter().any(|some| name.starts_with(some)) {
            let name = format!("{name}, behind Sentinels");
            at_each_await(&name, connector, make).await?;
        }
    }
    Ok(())
}

/// What can be left, of a cluster.
const OF_A_CLUSTER: [(&str, Make); 6] = [
    ("Connector::get", |redis| {
        boxed(async move { redis.get().await.map(drop) })
    }),
    ("a command", |redis| {
        boxed(async move { redis.get().await?.incr("n", 1).await })
    }),
    ("a command of several slots", |redis| {
        boxed(async move {
            redis
                .get()
                .await?
                .mset(&[("a", 1), ("b", 2), ("c", 3)])
                .await
        })
    }),
    ("a command for all servers", |redis| {
        boxed(async move {
            let mut redis = redis.get().await?;
            redis::cmd("DBSIZE")
                .query_async::<u64>(&mut redis)
                .await
                .map(drop)
        })
    }),
    ("SCRIPT LOAD", |redis| {
        boxed(async move {
            let mut redis = redis.get().await?;
            redis::cmd("SCRIPT")
                .arg("LOAD")
                .arg("return 1")
                .exec_async(&mut redis)
                .await
        })
    }),
    ("Connector::dedicated_to", |redis| {
        boxed(async move { redis.dedicated_to("k").await.map(drop) })
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_left_in_a_cluster_holds_nobody_up() -> TestResult {
    let cluster = RealCluster::start()?;
    let connector = || {
        Ok(Connector::cluster(cluster.urls())?
            .connect_timeout(PATIENCE)
            .response_timeout(PATIENCE)
            .health_check_after(DOUBTED)
            .build())
    };
    for (name, make) in OF_A_CLUSTER {
        at_each_await(&format!("{name}, in a cluster"), connector, make).await?;
    }
    Ok(())
}
