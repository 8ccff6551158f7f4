//! Checks of one's own.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A server that answers `PING` may refuse writes.
#[tokio::test]
async fn a_check_of_ones_own_says_what_is_well() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let writes =
        |redis: Connector| async move { redis.get().await?.set::<_, _, ()>("probe", 1).await };
    let redis = watched([
        Database::new("eu", patient(&eu.url())?).check(writes),
        Database::new("us", patient(&us.url())?)
            .check(writes)
            .weight(50),
    ])
    .build();
    write(&redis, "k", 1).await;
    let mut admin = redis_resilient_tests::connect(&eu.url())?;
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("min-replicas-to-write")
        .arg(1)
        .exec(&mut admin)?;
    until("it is left", || present(&redis) == "us").await;
    let report = redis.databases().expect("it has several");
    let error = report.databases[0]
        .last_error
        .as_deref()
        .unwrap_or_default();
    assert!(error.contains("NOREPLICAS"), "{error}");
    write(&redis, "k", 2).await;
    Ok(())
}

#[tokio::test]
async fn one_that_panics_and_one_that_never_ends_have_failed() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let third = RealRedis::start()?;
    let redis = watched([
        Database::new("panics", patient(&eu.url())?).check(|_| async { panic!("as it happens") }),
        Database::new("hangs", brief(&us.url())?)
            .check(|_| std::future::pending())
            .weight(50),
        Database::new("well", patient(&third.url())?).weight(10),
    ])
    .build();
    write(&redis, "k", 1).await;
    until("the third is gone to", || present(&redis) == "well").await;
    Ok(())
}

/// It blocks a thread, and there is not one more with each round.
#[tokio::test]
async fn one_that_blocks_does_so_once() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let begun = Arc::new(AtomicU32::new(0));
    let (end, ends) = std::sync::mpsc::channel::<()>();
    let (counts, ends) = (begun.clone(), Mutex::new(ends));
    let redis = watched([
        Database::new("eu", brief(&eu.url())?).check_blocking(move |_| {
            counts.fetch_add(1, Ordering::Relaxed);
            let _ = ends.lock().expect("nobody panics").recv();
            Ok(())
        }),
        Database::new("us", patient(&us.url())?)
            .check_blocking(|redis| redis::cmd("PING").exec(&mut redis.get_blocking()?))
            .weight(50),
    ])
    .build();
    redis.get().await?;
    until("it is left", || present(&redis) == "us").await;
    // Several rounds later.
    tokio::time::sleep(MS(500)).await;
    assert_eq!(begun.load(Ordering::Relaxed), 1);
    drop(end);
    until("it is well", || is_healthy(&redis, "eu")).await;
    Ok(())
}
