//! Behind Sentinels, and in a cluster.

use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::connection::Connector;
use redis_resilient::journal::Written;
use redis_resilient_testkit::{RealCluster, RealSentinel};

use crate::support::{LONG, REMEMBER, TestResult, builder, drained, until};

#[tokio::test]
async fn the_next_primary_gets_what_waits() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let redis = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?
        .connect_timeout(Duration::from_secs(1))
        .response_timeout(Duration::from_millis(500))
        .build();
    let journal = builder("sentinels").open(&redis)?;
    let mut orders = journal.over(&redis).exactly_once(REMEMBER);
    orders.incr::<_, _, ()>("n", 1).await?;
    redis::cmd("WAIT")
        .arg(&[1, 5_000])
        .exec_async(&mut redis.get().await?)
        .await?;
    let old = sentinels.kill_primary();
    for _ in 0..20 {
        let _: Written<u64> = orders.incr("n", 1).await?;
    }
    drained(&journal).await;
    // Asked directly: on a busy machine the Sentinels may take the new primary for down just then.
    let new = sentinels.wait_for_failover(old, LONG)?;
    let mut direct = redis_resilient_tests::connect(&sentinels.server(new).url())?;
    assert_eq!(redis::Commands::get(&mut direct, "n"), Ok(21));
    Ok(())
}

/// One shard of a cluster is away: what is for it waits, and what is for the others does not.
#[tokio::test]
async fn a_shard_that_is_away_holds_up_its_own_keys_only() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = Connector::cluster(cluster.urls())?
        .connect_timeout(Duration::from_secs(1))
        .response_timeout(Duration::from_millis(500))
        .build();
    let journal = builder("cluster").open(&redis)?;
    let mut orders = journal.over(&redis).exactly_once(REMEMBER);
    let (away, there) = (cluster.key_on(0), cluster.key_on(1));
    for key in [&away, &there] {
        orders.incr::<_, _, ()>(key, 1).await?;
    }
    cluster.freeze(0);
    for _ in 0..5 {
        assert_eq!(orders.incr(&away, 1).await, Ok(Written::<u64>::Queued));
        let _: Written<u64> = orders.incr(&there, 1).await?;
    }
    // What is for the other shard is executed, if it was journalled because the circuit was open.
    let mut direct = redis_resilient_tests::connect(&cluster.node(1).url())?;
    until(|| redis::Commands::get(&mut direct, &there) == Ok(6)).await;
    assert!(journal.progress().waiting >= 5);
    cluster.thaw(0);
    drained(&journal).await;
    assert_eq!(
        (orders.get(&away).await, orders.get(&there).await),
        (Ok(6), Ok(6))
    );
    Ok(())
}
