//! What caches, journals and consumers tell, over a real Redis.
#![allow(clippy::float_cmp, reason = "they are whole numbers")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{RedisResult, cmd};
use redis_resilient::cache::Cache;
use redis_resilient::connection::Connector;
use redis_resilient::journal::{Journal, Written};
use redis_resilient::redis_resilient;
use redis_resilient::streams::{Consumer, Delivery, Entry, Failure};
use redis_resilient_testkit::RealRedis;
use tokio::sync::{Notify, Semaphore};

use crate::scraped::{Scrape, alone, scrape};

type Testing = Result<(), Box<dyn Error>>;

/// For anything that happens at all, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn until(what: &str, holds: impl Fn(&Scrape) -> bool) {
    let began = Instant::now();
    loop {
        let seen = scrape();
        if holds(&seen) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: {}", seen.all());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A connector to nobody.
fn nowhere() -> RedisResult<Connector> {
    Connector::open("redis://127.0.0.1:1/")
}

#[tokio::test]
async fn a_journal_tells_how_much_waits_for_how_long_and_what_it_refused() -> Testing {
    let alone = alone();
    let redis = RealRedis::start()?;
    let connector = Connector::open(redis.url())?;
    let journal = Journal::builder("metrics: orders")
        .max_entries(2)
        .open(&connector)?;
    let of = |metric: &str| format!("resilient_journal_{metric}{{journal=\"metrics: orders\"}}");
    let values = |seen: &Scrape| {
        [
            "depth",
            "fill_ratio",
            "queued_total",
            "refused_total",
            "dead_letters_waiting",
        ]
        .map(|metric| seen.value(&of(metric)))
    };
    assert_eq!(values(&scrape()), [0.0; 5]);
    redis.kill();
    let mut incr = cmd("INCR");
    incr.arg("n");
    for _ in 0..2 {
        let _: Written<u64> = journal.enqueue(&incr).await?;
    }
    assert!(journal.enqueue::<u64>(&incr).await.is_err(), "it is full");
    assert_eq!(values(&scrape()), [2.0, 1.0, 2.0, 1.0, 0.0]);
    assert!(scrape().value(&of("size_bytes")) > 0.0);
    until("the oldest write grows old", |seen| {
        seen.value(&of("oldest_age_seconds")) >= 1.0
    })
    .await;
    redis.restart()?;
    until("nothing waits any more", |seen| {
        seen.value(&of("depth")) == 0.0
    })
    .await;
    let seen = scrape();
    assert_eq!(values(&seen), [0.0, 0.0, 2.0, 1.0, 0.0]);
    assert_eq!(seen.value(&of("oldest_age_seconds")), 0.0);
    drop(alone);
    Ok(())
}

/// O1 and O5 of a journal: what is told belongs to the name, not to the one that had it first.
#[tokio::test]
async fn a_journal_that_takes_another_s_place_goes_on_moving_its_series() -> Testing {
    let alone = alone();
    let redis = nowhere()?;
    let open = || Journal::builder("metrics: replaced journal").open(&redis);
    let of = |metric: &str| {
        format!("resilient_journal_{metric}{{journal=\"metrics: replaced journal\"}}")
    };
    let mut incr = cmd("INCR");
    incr.arg("n");
    let first = open()?;
    let all: Vec<_> = names(&scrape(), "metrics: replaced journal");
    for _ in 0..2 {
        let _: Written<u64> = first.enqueue(&incr).await?;
    }
    let seen = scrape();
    let (depth, queued) = (of("depth"), of("queued_total"));
    assert_eq!((seen.value(&depth), seen.value(&queued)), (2.0, 2.0));
    drop(first);
    until("its writes are gone with it", |seen| {
        seen.value(&depth) == 0.0
    })
    .await;
    let second = open()?;
    scrape();
    let _: Written<u64> = second.enqueue(&incr).await?;
    let seen = scrape();
    assert_eq!((seen.value(&depth), seen.value(&queued)), (1.0, 3.0));
    assert_eq!(names(&seen, "metrics: replaced journal"), all);
    drop(alone);
    Ok(())
}

/// The series of that name, without their values.
fn names(seen: &Scrape, name: &str) -> Vec<String> {
    seen.with(name)
        .map(|(series, _)| series.to_owned())
        .collect()
}

#[tokio::test]
async fn a_cache_tells_at_which_level_each_read_was_answered() -> Testing {
    let alone = alone();
    let redis = RealRedis::start()?;
    let connector = Connector::open(redis.url())?;
    let build = || {
        Cache::<u64>::builder("metrics: users")
            .ttl(Duration::from_secs(60))
            .near(Duration::from_secs(60))
            .build(&connector)
    };
    let (users, others) = (build(), build());
    let read = |level: &str| {
        format!("resilient_cache_reads_total{{cache=\"metrics: users\",level=\"{level}\"}}")
    };
    let seen = scrape();
    for level in ["near", "redis", "loaded", "stale", "error"] {
        assert_eq!(seen.value(&read(level)), 0.0, "{level}");
    }
    let loads = async || users.get_or_load(1, || async { Ok::<_, String>(7) }).await;
    assert_eq!(loads().await, Ok(7));
    assert_eq!(loads().await, Ok(7));
    while others.get(1).await.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let failed = users.get_or_load(2, || async { Err::<u64, _>("gone") });
    assert_eq!(failed.await, Err("gone"));
    let seen = scrape();
    let levels =
        ["near", "redis", "loaded", "stale", "error"].map(|level| seen.value(&read(level)));
    assert_eq!(levels, [1.0, 1.0, 1.0, 0.0, 1.0]);
    let of = |metric: &str| seen.value(&format!("resilient_cache_{metric}"));
    assert_eq!(
        of(r#"loads_total{cache="metrics: users",result="error"}"#),
        1.0
    );
    // Its calls are what its callers have seen, not what it says to Redis.
    let call = |result: &str| {
        format!("resilient_calls_total{{function=\"metrics: users\",result=\"{result}\"}}")
    };
    assert_eq!(
        ["near", "redis", "loaded", "error"].map(|result| seen.value(&call(result))),
        [1.0, 1.0, 1.0, 1.0]
    );
    assert_eq!(seen.get(&call("retried")), None);
    // The near cache counts its entries a little later.
    until("what is kept near is told", |seen| {
        seen.value(r#"resilient_cache_near_entries{cache="metrics: users"}"#) >= 1.0
    })
    .await;
    drop(alone);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_tells_lag_and_work_and_nothing_of_it_stays_when_it_ends() -> Testing {
    let alone = alone();
    let redis = RealRedis::start()?;
    let connector = Connector::open(redis.url())?;
    let mut connection = connector.get().await?;
    for number in 0..5 {
        cmd("XADD")
            .arg(("metrics: stream", "*", "n", number))
            .exec_async(&mut connection)
            .await?;
    }
    let (room, end) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
    let start = || {
        let (room, end) = (room.clone(), end.clone());
        let consumer = Consumer::<Entry>::group(&connector, "metrics: stream", "group")
            .concurrency(1)
            .prefetch(1);
        tokio::spawn(consumer.run(
            async move { end.notified().await },
            move |_: Entry, _: Delivery| {
                let room = room.clone();
                async move {
                    if let Ok(permit) = room.acquire().await {
                        permit.forget();
                    }
                    Ok::<(), Failure>(())
                }
            },
        ))
    };
    let of = |metric: &str| {
        format!("resilient_consumer_{metric}{{stream=\"metrics: stream\",group=\"group\"}}")
    };
    let state = |state: &str| {
        format!(
            "resilient_consumer_running{{stream=\"metrics: stream\",group=\"group\",state=\"{state}\"}}"
        )
    };
    let running = start();
    until("it has work in hand, and more waits", |seen| {
        seen.get(&of("in_work")).is_some_and(|work| work >= 1.0)
            && seen.get(&of("lag")).is_some_and(|lag| lag >= 1.0)
            && seen.get(&state("reading")) == Some(1.0)
    })
    .await;
    let all = names(&scrape(), "metrics: stream");
    room.add_permits(5);
    until("all is handled", |seen| {
        seen.value(&of("entries_handled_total")) == 5.0 && seen.value(&of("in_work")) == 0.0
    })
    .await;
    until("nothing waits", |seen| seen.value(&of("lag")) == 0.0).await;
    end.notify_one();
    running.await??;
    let seen = scrape();
    assert_eq!(seen.value(&state("reading")), 0.0, "it has ended");
    // Another one, in the same process: the series go on.
    cmd("XADD")
        .arg(("metrics: stream", "*", "n", 5))
        .exec_async(&mut connection)
        .await?;
    let running = start();
    room.add_permits(1);
    until("the next one's work is told", |seen| {
        seen.value(&of("entries_handled_total")) == 6.0 && seen.value(&state("reading")) == 1.0
    })
    .await;
    assert_eq!(names(&scrape(), "metrics: stream"), all);
    end.notify_one();
    running.await??;
    drop(alone);
    Ok(())
}

#[redis_resilient(name = "metrics: place", breaker = false, retries = 0, fallback = journal.enqueue(incr("orders")))]
async fn place(connector: &Connector, journal: &Journal) -> RedisResult<Written<u64>> {
    let mut connection = connector.get().await?;
    incr("orders").query_async(&mut connection).await
}

fn incr(key: &str) -> redis::Cmd {
    let mut incr = cmd("INCR");
    incr.arg(key);
    incr
}

#[tokio::test]
async fn a_write_that_the_fallback_has_put_into_the_journal_is_counted_as_queued() -> Testing {
    let alone = alone();
    let redis = nowhere()?;
    let journal = Journal::builder("metrics: place")
        .max_entries(1)
        .open(&redis)?;
    assert_eq!(place(&redis, &journal).await?, Written::Queued);
    scrape();
    assert!(
        place(&redis, &journal).await.is_err(),
        "the journal is full"
    );
    let seen = scrape();
    let call = |result: &str| {
        let series =
            format!("resilient_calls_total{{function=\"metrics: place\",result=\"{result}\"}}");
        seen.value(&series)
    };
    assert_eq!(
        (call("queued"), call("fallback"), call("error")),
        (1.0, 0.0, 1.0)
    );
    drop(alone);
    Ok(())
}
