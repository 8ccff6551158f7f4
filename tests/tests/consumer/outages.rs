//! Redis is killed, frozen, replaced.

use redis::cmd;
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{FaultProxy, RealCluster, RealSentinel, WireFault};

use crate::support::*;

const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_after_outages_of_any_length() -> Testing {
    let server = redis_resilient_tests::server_with(&DURABLE)?;
    let url = server.url();
    let seen = Seen::default();
    let running = noting(consumer(&connector(&url)?).concurrency(4), &seen);
    let monitor = running.monitor.clone();
    add(&url, 0..10)?;
    seen.wait_for(10).await?;
    // Shorter than a read waits, as long, and three times as long.
    for (round, millis) in [100, 500, 1500].into_iter().enumerate() {
        let number = 10 + 10 * u32::try_from(round)?;
        add(&url, number..number + 5)?;
        server.kill();
        if millis >= 500 {
            until("the gap", async || !monitor.is_reading()).await?;
        }
        tokio::time::sleep(MS(millis)).await;
        server.restart()?;
        add(&url, number + 5..number + 10)?;
        let all = async || seen.counts().len() >= number as usize + 10;
        until("all", all).await?;
        until("reading", async || monitor.is_reading()).await?;
    }
    settled(&monitor).await?;
    running.end().await?;
    let counts = seen.counts();
    assert_eq!(counts.len(), 40);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_after_a_freeze_and_takes_nothing_from_the_living() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let proxy = FaultProxy::to(server.addr())?;
    let (seen, gate) = (Seen::default(), Gate::closed());
    let patient =
        |url: &str| Ok::<_, redis::RedisError>(consumer(&connector(url)?).claim_after(MS(2000)));
    let first = gated(patient(&proxy.url())?.concurrency(3), &seen, &gate);
    add(&url, 0..3)?;
    seen.wait_for(3).await?;
    let others = Seen::default();
    let second = noting(patient(&url)?.concurrency(3), &others);
    tokio::time::sleep(MS(2500)).await;
    server.freeze();
    // All entries grow older than what is taken over.
    tokio::time::sleep(MS(4000)).await;
    // Who has them comes back a little later than who could take them.
    proxy.set(WireFault::Refuse);
    server.thaw();
    tokio::time::sleep(MS(700)).await;
    proxy.pass();
    add(&url, 3..4)?;
    others.wait_for(1).await?;
    tokio::time::sleep(MS(2000)).await;
    gate.open();
    settled(&first.monitor).await?;
    settled(&second.monitor).await?;
    first.end().await?;
    second.end().await?;
    assert_eq!(others.names(), ["3"]);
    assert_eq!(seen.counts().len(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_with_the_next_primary() -> Testing {
    let sentinels = RealSentinel::start()?;
    let redis = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?
        .connect_timeout(MS(2000))
        .health_check_after(MS(300))
        .build();
    let seen = Seen::default();
    let running = noting(consumer(&redis).concurrency(4), &seen);
    let primary = || sentinels.primary().url();
    add(&primary(), 0..20)?;
    seen.wait_for(20).await?;
    // A planned failover tells those that wait; a frozen primary does not.
    sentinels.failover()?;
    add(&primary(), 20..40)?;
    until("all", async || seen.counts().len() == 40).await?;
    let old = sentinels.freeze_primary();
    sentinels.wait_for_failover(old, PATIENCE)?;
    add(&primary(), 40..60)?;
    until("all", async || seen.counts().len() == 60).await?;
    settled(&running.monitor).await?;
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_cluster_dead_letters_may_be_in_another_slot() -> Testing {
    let cluster = RealCluster::start()?;
    let redis = Connector::cluster(cluster.urls())?
        .connect_timeout(MS(2000))
        .build();
    let (stream, elsewhere) = (cluster.key_on(0), cluster.key_on(1));
    let mut shared = redis.get().await?;
    for number in 0..3 {
        cmd("XADD")
            .arg(&stream)
            .arg("*")
            .arg("n")
            .arg(number)
            .exec_async(&mut shared)
            .await?;
    }
    let seen = Seen::default();
    let noted = seen.clone();
    let consumer = redis_resilient::streams::Consumer::group(&redis, &stream, GROUP);
    let consumer = consumer.max_deliveries(1).dead_letters(&elsewhere);
    let beside = format!("{{{stream}}}effects");
    let running = Running::start(consumer, move |entry, delivery| {
        let name = noted.note(&entry, &delivery);
        let beside = beside.clone();
        async move {
            if name == "1" {
                return Err("no".into());
            }
            delivery
                .commit::<u64>(&beside, cmd("INCR").arg(&beside))
                .await?;
            Ok(())
        }
    });
    seen.wait_for(3).await?;
    settled(&running.monitor).await?;
    running.end().await?;
    let letters: usize = cmd("XLEN").arg(&elsewhere).query_async(&mut shared).await?;
    let effects: u64 = cmd("GET")
        .arg(format!("{{{stream}}}effects"))
        .query_async(&mut shared)
        .await?;
    assert_eq!((letters, effects), (1, 2));
    Ok(())
}
