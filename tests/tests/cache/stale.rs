//! Stale values: when they are served, and for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::cache::{self, Served};

use crate::support::{Primary, Testing, connected, names, some, until};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_stale_value_answers_where_the_load_fails() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .ttl(Duration::from_millis(100))
        .stale_if_error(MINUTE)
        .build(&redis);
    names.put(7, &some("Ann")).await?;
    until("its time is over", async || names.get(7).await.is_none()).await;
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    let (name, served) = cache::served(names.get_or_load(7, fails)).await;
    assert_eq!(name, Ok(some("Ann")));
    assert!(matches!(served, Some(Served::Stale { .. })), "{served:?}");
    // One that answers is better.
    let (name, served) =
        cache::served(names.get_or_load(7, || async { RedisResult::Ok(some("Bob")) })).await;
    assert_eq!((name?, served), (some("Bob"), Some(Served::Loaded)));
    Ok(())
}

#[tokio::test]
async fn a_stale_value_is_served_no_longer_than_was_asked_for() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .ttl(Duration::from_millis(50))
        .stale_if_error(Duration::from_millis(200))
        .build(&redis);
    names.put(7, &some("Ann")).await?;
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    until("it is of no use any more", async || {
        names.get_or_load(7, fails).await.is_err()
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn the_value_loaded_for_a_stale_one_lives_as_long_as_any() -> Testing {
    let (_server, redis) = connected()?;
    let short = names()
        .ttl(Duration::from_millis(50))
        .stale_if_error(MINUTE)
        .build(&redis);
    short.put(7, &some("Ann")).await?;
    until("its time is over", async || short.get(7).await.is_none()).await;
    let names = names()
        .stale_if_error(Duration::from_secs(600))
        .build(&redis);
    names
        .get_or_load(7, || async { RedisResult::Ok(some("Bob")) })
        .await?;
    until("it is stored", async || names.get(7).await.is_some()).await;
    let left: i64 = redis.get().await?.pttl("names:7").await?;
    assert!(left > 1_100_000, "{left}");
    Ok(())
}

#[tokio::test]
async fn while_one_revalidates_all_others_are_served_the_stale_value() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .ttl(Duration::from_millis(50))
        .stale_while_revalidate(MINUTE)
        .build(&redis);
    names.put(7, &some("Ann")).await?;
    until("its time is over", async || names.get(7).await.is_none()).await;
    let go = Arc::new(tokio::sync::Notify::new());
    let load = |name: &'static str| {
        let go = go.clone();
        move || async move {
            go.notified().await;
            RedisResult::Ok(some(name))
        }
    };
    // Nobody waits for the load, not even who has begun it.
    for _ in 0..5 {
        let (name, served) = cache::served(names.get_or_load_in_background(7, load("Bob"))).await;
        assert_eq!(name?, some("Ann"));
        assert!(matches!(served, Some(Served::Stale { .. })), "{served:?}");
    }
    // Nor in another process.
    let another = crate::support::names()
        .ttl(Duration::from_millis(50))
        .stale_while_revalidate(MINUTE)
        .build(&redis);
    let (name, _) =
        cache::served(another.get_or_load(7, || async { RedisResult::Ok(some("Cid")) })).await;
    // (The same process to Redis: it may take the lease over.)
    assert!(matches!(name?.as_deref(), Some("Ann" | "Cid")));
    go.notify_waiters();
    Ok(())
}

#[tokio::test]
async fn with_a_soft_timeout_the_stale_value_is_served_and_the_load_goes_on() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .ttl(Duration::from_millis(300))
        .stale_if_error(MINUTE)
        .soft_timeout(Duration::from_millis(20))
        .build(&redis);
    names.put(7, &some("Ann")).await?;
    until("its time is over", async || names.get(7).await.is_none()).await;
    let is_slow = Arc::new(AtomicBool::new(true));
    let go = Arc::new(tokio::sync::Notify::new());
    let load = {
        let go = go.clone();
        move || async move {
            go.notified().await;
            RedisResult::Ok(some("Bob"))
        }
    };
    let (name, served) = cache::served(names.get_or_load_in_background(7, load)).await;
    assert_eq!(name?, some("Ann"));
    assert!(matches!(served, Some(Served::Stale { .. })), "{served:?}");
    is_slow.store(false, Ordering::Relaxed);
    go.notify_one();
    until("the load is stored", async || {
        names.get(7).await == Some(some("Bob"))
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn a_reader_refreshes_before_the_time_is_over() -> Testing {
    let (_server, redis) = connected()?;
    // So that every reader does.
    let names = names().refresh_ahead(900_000.0).ttl(MINUTE).build(&redis);
    let primary = Primary::with("Ann");
    let load = || async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        primary.load()
    };
    names.get_or_load(7, load).await?;
    until("it is stored", async || names.get(7).await.is_some()).await;
    primary.set("Bob");
    // Nearly each: it is a matter of chance.
    until("one refreshes", async || {
        let (name, served) = cache::served(names.get_or_load(7, load)).await;
        name.is_ok_and(|name| name == some("Bob")) && served == Some(Served::Loaded)
    })
    .await;
    assert_eq!(primary.loads(), 2);
    // One that fails changes nothing: the value is still good.
    until("it is stored", async || {
        names.get(7).await == Some(some("Bob"))
    })
    .await;
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    let (name, served) = cache::served(names.get_or_load(7, fails)).await;
    assert_eq!((name, served), (Ok(some("Bob")), Some(Served::Redis)));
    Ok(())
}
