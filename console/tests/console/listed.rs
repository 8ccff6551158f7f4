//! Caches, journals and consumers are listed as long as they live, with what they have done.

use std::time::Duration;

use redis::AsyncCommands as _;
use redis_resilient::Registry;
use redis_resilient::cache::Cache;
use redis_resilient::connection::Connector;
use redis_resilient::journal::{Journal, Written};
use redis_resilient::registry::{CacheReport, ConsumerReport, JournalReport};
use redis_resilient::streams::{Consumer, Delivery, Entry, Failure};
use redis_resilient_testkit::RealRedis;

use crate::support::{TestResult, until};

fn cache(name: &str) -> Option<CacheReport> {
    Registry::global()
        .caches()
        .into_iter()
        .find(|one| one.name == name)
}

fn journal(name: &str) -> Option<JournalReport> {
    let mut listed = Registry::global().journals().into_iter();
    listed
        .find(|one| one.report.name == name)
        .map(|one| one.report.clone())
}

fn consumer(stream: &str) -> Option<ConsumerReport> {
    Registry::global()
        .consumers()
        .into_iter()
        .find(|one| one.stream == stream)
}

/// Whether a connector calls itself so: where it is used is found by its name.
fn is_connector(description: &str) -> bool {
    let connectors = Registry::global().connectors();
    connectors.iter().any(|one| one.description == description)
}

#[tokio::test]
async fn a_cache_says_from_where_it_has_served() -> TestResult {
    let redis = RealRedis::start()?;
    let connector = Connector::builder(redis.url().as_str())?
        .client_name("listed")
        .build();
    let far: Cache<String> = Cache::builder("listed: far")
        .ttl(Duration::from_secs(600))
        .build(&connector);
    let near: Cache<String> = Cache::builder("listed: near")
        .ttl(Duration::from_secs(600))
        .near(Duration::from_secs(60))
        .build(&connector);
    let load = async || Ok::<_, redis::RedisError>("value".to_owned());
    for cache in [&far, &near] {
        assert_eq!(cache.get_or_load(1, load).await?, "value");
    }
    // It is stored beside what the caller does.
    until("it is stored", async || far.get(1).await.is_some()).await;
    for cache in [&far, &near] {
        for _ in 0..3 {
            cache.get_or_load(1, load).await?;
        }
    }
    let failed = async || Err::<String, _>(redis::RedisError::from(std::io::Error::other("no")));
    assert!(far.get_or_load(2, failed).await.is_err());
    let (of_far, of_near) = (cache("listed: far"), cache("listed: near"));
    let (of_far, of_near) = (of_far.expect("listed"), of_near.expect("listed"));
    assert!(of_far.redis_hits >= 4, "{of_far:?}");
    assert_eq!(
        (of_far.near_hits, of_far.loads, of_far.failed_loads),
        (0, 2, 1)
    );
    assert_eq!(
        (of_near.near_hits, of_near.redis_hits, of_near.loads),
        (3, 0, 1)
    );
    assert_eq!(of_far.near_entries, None);
    assert!(of_near.near_entries.is_some());
    assert_eq!(of_far.connector, format!("{} as listed", redis.addr()));
    assert!(is_connector(&of_far.connector), "{of_far:?}");
    drop((far, near));
    until("they are gone", async || {
        cache("listed: far").is_none() && cache("listed: near").is_none()
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn a_journal_says_what_waits_and_drains() -> TestResult {
    let redis = RealRedis::start()?;
    let connector = Connector::open(redis.url().as_str())?;
    let orders = Journal::builder("listed: orders").open(&connector)?;
    let empty = journal("listed: orders").expect("listed");
    assert_eq!(
        (empty.waiting, empty.oldest, empty.last_failure),
        (0, None, None)
    );
    redis.kill();
    let mut over = orders.over(&connector);
    for number in 0..10 {
        let written: Written<u64> = over.rpush("orders", number).await?;
        assert!(written.is_queued());
    }
    until("it says why", async || {
        journal("listed: orders").is_some_and(|one| one.last_failure.is_some())
    })
    .await;
    let waits = journal("listed: orders").expect("listed");
    assert_eq!(waits.waiting, 10);
    assert!(is_connector(&waits.connector), "{waits:?}");
    assert!(
        waits.waiting_bytes > 0 && waits.oldest.is_some() && !waits.draining,
        "{waits:?}"
    );
    redis.restart()?;
    until("it is drained", async || {
        journal("listed: orders").is_some_and(|one| one.waiting == 0)
    })
    .await;
    let drained = journal("listed: orders").expect("listed");
    assert_eq!((drained.oldest, drained.dead_letters), (None, 0));
    drop((over, orders));
    until("it is gone", async || journal("listed: orders").is_none()).await;
    Ok(())
}

#[tokio::test]
async fn a_consumer_is_listed_while_it_runs() -> TestResult {
    let redis = RealRedis::start()?;
    let connector = Connector::open(redis.url().as_str())?;
    let stream = "listed: mails";
    let mut connection = connector.get().await?;
    for number in 0..5 {
        let mut add = redis::cmd("XADD");
        add.arg(stream).arg("*").arg("number").arg(number);
        add.exec_async(&mut connection).await?;
    }
    assert!(consumer(stream).is_none(), "it does not run yet");
    let (ends, ended) = tokio::sync::oneshot::channel::<()>();
    let runs = Consumer::group(&connector, stream, "sender").run(
        async {
            let _ = ended.await;
        },
        async |_: Entry, _: Delivery| Ok::<_, Failure>(()),
    );
    let runs = tokio::spawn(runs);
    until("all are handled", async || {
        consumer(stream).is_some_and(|one| one.handled == 5)
    })
    .await;
    until("nothing is left", async || {
        consumer(stream).is_some_and(|one| one.lag == Some(0))
    })
    .await;
    let listed = consumer(stream).expect("it runs");
    assert!(is_connector(&listed.connector), "{listed:?}");
    assert!(listed.reading && listed.failing_for.is_none(), "{listed:?}");
    assert_eq!(
        (listed.group.as_str(), listed.failed, listed.dead_letters),
        ("sender", 0, 0)
    );
    redis.kill();
    until("it fails", async || {
        consumer(stream).is_some_and(|one| one.failing_for.is_some() && one.last_failure.is_some())
    })
    .await;
    redis.restart()?;
    until("it reads again", async || {
        consumer(stream).is_some_and(|one| one.reading && one.failing_for.is_none())
    })
    .await;
    drop(ends);
    runs.await??;
    until("it is gone", async || consumer(stream).is_none()).await;
    Ok(())
}
