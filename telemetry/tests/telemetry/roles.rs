//! O5: what a process tells does not depend on the roles that its servers have held.
#![allow(clippy::float_cmp, reason = "they are whole numbers")]

use std::collections::BTreeSet;
use std::error::Error;
use std::time::{Duration, Instant};

use redis::{RedisResult, cmd};
use redis_resilient::connection::{Connector, Database};
use redis_resilient_testkit::{RealRedis, RealSentinel};

use crate::scraped::{Scrape, alone, scrape};

const PATIENCE: Duration = Duration::from_secs(60);

/// The series of a connector, without its name.
fn series(seen: &Scrape, connector: &str) -> BTreeSet<String> {
    let label = format!("connector=\"{connector}\"");
    seen.with(&label)
        .map(|(series, _)| series.replace(connector, ""))
        .collect()
}

async fn writes(redis: &Connector) -> RedisResult<()> {
    let mut connection = redis.get().await?;
    cmd("SET")
        .arg(("role", "held"))
        .exec_async(&mut connection)
        .await
}

#[tokio::test]
async fn gauges_follow_a_failover_there_and_back_and_no_series_comes_of_it()
-> Result<(), Box<dyn Error>> {
    let alone = alone();
    let sentinels = RealSentinel::start()?;
    let connector = |name: &'static str| -> RedisResult<Connector> {
        let connector = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?;
        Ok(connector
            .client_name(name)
            .connect_timeout(Duration::from_secs(1))
            .response_timeout(Duration::from_millis(500))
            .build())
    };
    let redis = connector("roles")?;
    redis.get().await?;
    let seen = scrape();
    let mut all = seen.with("as roles\"");
    let (one, connections) = all
        .find(|(series, _)| series.starts_with("resilient_connections{"))
        .ok_or("it tells its connections")?;
    assert_eq!(connections, 1.0);
    let name = one.split('"').nth(1).unwrap_or_default().to_owned();
    let before = series(&seen, &name);
    let connections = format!("resilient_connections{{connector=\"{name}\"}}");
    let failovers = format!("resilient_failovers_total{{connector=\"{name}\"}}");
    for times in [1.0, 2.0] {
        let old = sentinels.primary_index();
        let new = sentinels.failover()?;
        assert_ne!(old, new);
        let began = Instant::now();
        loop {
            let is_there = writes(&redis).await.is_ok();
            let seen = scrape();
            if is_there && seen.value(&failovers) == times {
                assert_eq!(seen.value(&connections), 1.0, "{}", seen.all());
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{}", seen.all());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    // The live value changes, and the gauge with it.
    for server in sentinels.servers() {
        server.kill();
    }
    let began = Instant::now();
    while scrape().value(&connections) != 0.0 {
        let _ = writes(&redis).await;
        assert!(began.elapsed() < PATIENCE, "{}", scrape().all());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // One that has seen none of it. It is listed from its first use.
    let fresh = connector("fresh")?;
    assert!(writes(&fresh).await.is_err(), "all servers are away");
    let seen = scrape();
    assert_eq!(series(&seen, &name), before);
    assert_eq!(series(&seen, &name.replace("roles", "fresh")), before);
    drop((fresh, alone));
    Ok(())
}

/// The same of several databases.
#[tokio::test]
async fn gauges_follow_a_switch_to_another_database_and_back() -> Result<(), Box<dyn Error>> {
    let alone = alone();
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = Connector::failover([
        Database::new("roles-eu", Connector::builder(eu.url())?),
        Database::new("roles-us", Connector::builder(us.url())?).weight(50),
    ])
    .build();
    writes(&redis).await?;
    let name = "databases roles-eu, roles-us";
    let before = series(&scrape(), name);
    assert_eq!(before.len(), 5, "{before:?}");
    let of = |metric: &str, database: &str| {
        format!("resilient_database_{metric}{{connector=\"{name}\",database=\"{database}\"}}")
    };
    let switches = format!("resilient_database_switches_total{{connector=\"{name}\"}}");
    for (times, present, other) in [
        (0.0, "roles-eu", "roles-us"),
        (1.0, "roles-us", "roles-eu"),
        (2.0, "roles-eu", "roles-us"),
    ] {
        redis.switch_to(present)?;
        let seen = scrape();
        assert_eq!(seen.value(&of("present", present)), 1.0, "{}", seen.all());
        assert_eq!(seen.value(&of("present", other)), 0.0);
        assert_eq!(seen.value(&switches), times);
    }
    assert_eq!(series(&scrape(), name), before);
    us.kill();
    let began = Instant::now();
    while scrape().value(&of("healthy", "roles-us")) != 0.0 {
        assert!(began.elapsed() < PATIENCE, "{}", scrape().all());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(alone);
    Ok(())
}
