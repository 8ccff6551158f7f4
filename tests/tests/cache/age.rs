//! How old an entry is: told by the copy in this process where it is of the same entry, by Redis where it is not.

use std::time::Duration;

use redis::RedisResult;
use redis_resilient::cache::{self, Cache, Served};
use redis_resilient::connection::Connector;

use crate::support::{Testing, connected, names, some};

const MINUTE: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

/// A cache with copies, as each process has one: what one of them keeps, no other knows.
fn process(redis: &Connector, ttl: Duration) -> Cache<Option<String>> {
    names()
        .ttl(ttl)
        .jitter(0.0)
        .stale_if_error(60 * MINUTE)
        .build(redis)
}

/// How often Redis was asked for how long it keeps a key.
async fn ages_asked(redis: &Connector) -> RedisResult<u64> {
    let info: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut redis.get().await?)
        .await?;
    let calls = info
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_pttl:calls="))
        .and_then(|rest| rest.split(',').next()?.parse().ok());
    Ok(calls.unwrap_or(0))
}

#[tokio::test]
async fn who_has_a_fresh_copy_asks_for_the_value_alone() -> Testing {
    let (_server, redis) = connected()?;
    let (here, elsewhere) = (process(&redis, MINUTE), process(&redis, MINUTE));
    elsewhere.put(7, &some("Ann")).await?;
    assert_eq!(here.get(7).await, Some(some("Ann")));
    let asked = ages_asked(&redis).await?;
    for _ in 0..10 {
        assert_eq!(here.get(7).await, Some(some("Ann")));
        let blocking = here.clone();
        let read = tokio::task::spawn_blocking(move || blocking.get_blocking(7));
        assert_eq!(read.await?, Some(some("Ann")));
    }
    assert_eq!(ages_asked(&redis).await?, asked);
    Ok(())
}

/// With another value, and with the same one for a shorter time.
#[tokio::test]
async fn of_another_entry_the_age_is_asked_for() -> Testing {
    let (_server, redis) = connected()?;
    for (name, is_blocking) in [("Bob", false), ("Ann", false), ("Bob", true), ("Ann", true)] {
        let here = process(&redis, MINUTE);
        let elsewhere = process(&redis, SHORT);
        process(&redis, MINUTE).put(7, &some("Ann")).await?;
        let read = async || -> Result<_, tokio::task::JoinError> {
            if !is_blocking {
                return Ok(here.get(7).await);
            }
            let here = here.clone();
            tokio::task::spawn_blocking(move || here.get_blocking(7)).await
        };
        assert_eq!(read().await?, Some(some("Ann")));
        elsewhere.put(7, &some(name)).await?;
        assert_eq!(read().await?, Some(some(name)), "the new entry is served");
        tokio::time::sleep(SHORT + SHORT / 2).await;
        assert_eq!(read().await?, None, "{name} is over by its own life");
    }
    Ok(())
}

/// A tombstone, and a key that is gone, are seen though the copy is fresh.
#[tokio::test]
async fn what_is_gone_is_not_served_from_the_copy() -> Testing {
    let (_server, redis) = connected()?;
    let (here, elsewhere) = (process(&redis, MINUTE), process(&redis, MINUTE));
    elsewhere.put(7, &some("Ann")).await?;
    assert_eq!(here.get(7).await, Some(some("Ann")));
    let _ = elsewhere.invalidate(7).await;
    let load = || async { RedisResult::Ok(some("Bob")) };
    let (loaded, served) = cache::served(here.get_or_load(7, load)).await;
    assert_eq!((loaded?, served), (some("Bob"), Some(Served::Loaded)));
    let fails =
        || async { RedisResult::Err(redis::RedisError::from(std::io::Error::other("down"))) };
    let _ = elsewhere.invalidate(7).await;
    assert!(here.get_or_load(7, fails).await.is_err(), "it is invalid");
    Ok(())
}
