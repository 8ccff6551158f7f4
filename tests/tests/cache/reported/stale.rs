//! Values whose time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis::{AsyncCommands, RedisResult};
use redis_resilient::Policy;
use redis_resilient::cache::__private::{CachedFunction, Key, Read, Settings};
use redis_resilient::cache::{Cache, Json, Lifetime};

use crate::support::{Testing, connected, names, some, until};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn c14_what_is_older_than_the_stale_time_is_served_to_nobody() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .ttl(Duration::from_millis(20))
        .stale_while_revalidate(Duration::from_millis(60))
        .build(&redis);
    let load = |name: &'static str| {
        move || async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            RedisResult::Ok(some(name))
        }
    };
    names.put(7, &some("yesterday's")).await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (one, two) = tokio::join!(
        names.get_or_load_in_background(7, load("today's")),
        names.get_or_load_in_background(7, load("today's")),
    );
    assert_eq!([one?, two?], [some("today's"), some("today's")]);
    Ok(())
}

#[tokio::test]
async fn c16_the_value_that_replaces_a_stale_one_has_its_whole_time() -> Testing {
    let (_server, redis) = connected()?;
    // Each in a process of its own, which has no copy to tell the age from.
    let process = || {
        names()
            .ttl(Duration::from_secs(2))
            .stale_if_error(MINUTE)
            .lease(Duration::from_millis(300))
            .build(&redis)
    };
    let mut connection = redis.get().await?;
    process().put(7, &some("Ann")).await?;
    let whole: i64 = connection.pttl("names:7").await?;
    assert!(whole > 61_500, "{whole}");
    // The stale time has begun, and is nearly over: what a lease adds to it is not what the next value gets.
    for left in [30_000, 100] {
        connection.pexpire::<_, ()>("names:7", left).await?;
        let names = process();
        let load = || async { RedisResult::Ok(some("Bob")) };
        assert_eq!(names.get_or_load(7, load).await?, some("Bob"));
        until("it is stored", async || names.get(7).await.is_some()).await;
        let left: i64 = connection.pttl("names:7").await?;
        assert!(left > 61_500, "{left}");
    }
    Ok(())
}

#[tokio::test]
async fn c17_loads_that_take_longer_than_values_live_do_advance() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .ttl(Duration::from_millis(50))
        .stale_while_revalidate(MINUTE)
        .build(&redis);
    let loads = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let loads = loads.clone();
        let load = move || async move {
            tokio::time::sleep(Duration::from_millis(150)).await;
            let number = loads.fetch_add(1, Ordering::Relaxed);
            RedisResult::Ok(some(&number.to_string()))
        };
        let value = names.get_or_load_in_background(7, load).await?;
        if seen.last() != Some(&value) {
            seen.push(value);
        }
        assert!(begun.elapsed() < MINUTE, "it does not advance: {seen:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

#[tokio::test]
async fn c17_a_load_that_never_ends_keeps_nothing_alive() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .ttl(Duration::from_millis(50))
        .stale_while_revalidate(Duration::from_millis(300))
        .lease(Duration::from_millis(200))
        .build(&redis);
    names.put(7, &some("old")).await?;
    until("its time is over", async || names.get(7).await.is_none()).await;
    let stuck = || std::future::pending::<RedisResult<_>>();
    let _ = names.get_or_load_in_background(7, stuck).await?;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let load = || async { RedisResult::Ok(some("new")) };
    assert_eq!(names.get_or_load_in_background(7, load).await?, some("new"));
    until("it is stored", async || {
        let load = || async { RedisResult::Ok(some("new")) };
        names
            .get_or_load_in_background(7, load)
            .await
            .is_ok_and(|name| name == some("new"))
    })
    .await;
    Ok(())
}

/// What is not there is cached for a time of its own, and what is still not there takes its place.
#[tokio::test]
async fn c23_nothing_there_is_a_value_with_a_time_of_its_own() -> Testing {
    static NAMES: CachedFunction = CachedFunction::new(
        Settings::new("tests::reported", "negative")
            .ttl(MINUTE)
            .negative_ttl(Duration::from_millis(400))
            .jitter(0.0)
            .stale_if_error(MINUTE),
        |breaker| Policy::new("tests::reported").breaker(breaker),
    );
    let (_server, redis) = connected()?;
    let names: Cache<Option<String>, Json> = NAMES.cache(&redis);
    let key = Key::new(NAMES.settings()).value(&7, None);
    let read = Read {
        lifetime: |name: &Option<String>| match name {
            None => Lifetime::Negative,
            Some(_) => Lifetime::Default,
        },
        share: None,
        limit_wait: Duration::ZERO,
        refuse: None,
    };
    let loads = AtomicU32::new(0);
    let nothing = async |_| {
        loads.fetch_add(1, Ordering::Relaxed);
        RedisResult::Ok(None)
    };
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1_500) {
        assert_eq!(names.read(&key, &read, nothing).await?, None);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // One for each of its times, and one or two until it was stored.
    let loads = loads.into_inner();
    assert!((2..=12).contains(&loads), "{loads} loads");
    // What is there at last is not kept out by it.
    until("its time is over", async || {
        let name = names
            .read(&key, &read, async |_| RedisResult::Ok(some("Ann")))
            .await;
        name.is_ok_and(|name| name == some("Ann"))
    })
    .await;
    Ok(())
}
