//! Hits, misses, and what is in Redis.

use std::time::Duration;

use redis::{AsyncCommands, Commands};
use redis_resilient::cache::{self, Cache, Postcard, Served};

use crate::support::{Primary, Testing, connected, names, some, until};

#[tokio::test]
async fn a_miss_is_loaded_and_the_next_is_a_hit() -> Testing {
    let (_server, redis) = connected()?;
    let (names, primary) = (names().build(&redis), Primary::with("Ann"));
    let (name, served) = cache::served(names.get_or_load(7, async || primary.load())).await;
    assert_eq!((name?, served), (some("Ann"), Some(Served::Loaded)));
    until("it is stored", async || names.get(7).await.is_some()).await;
    primary.set("Bob");
    let (name, served) = cache::served(names.get_or_load(7, async || primary.load())).await;
    assert_eq!((name?, served), (some("Ann"), Some(Served::Redis)));
    assert_eq!((primary.loads(), names.loading()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn other_keys_caches_and_versions_are_other_entries() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    names.put(7, &some("Ann")).await?;
    assert_eq!(names.get(7).await, Some(some("Ann")));
    assert_eq!(names.get(8).await, None);
    let towns = crate::support::names().prefix("towns").build(&redis);
    assert_eq!(towns.get(7).await, None);
    let newer = crate::support::names().version(2).build(&redis);
    assert_eq!(newer.get(7).await, None);
    newer.put(7, &some("Bob")).await?;
    let mut keys: Vec<String> = redis.get().await?.keys("*").await?;
    keys.sort();
    assert_eq!(keys, ["names:7", "names:v2:7"]);
    Ok(())
}

#[tokio::test]
async fn redis_forgets_the_entry_when_its_time_is_over_give_or_take_a_tenth() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .stale_if_error(Duration::from_secs(3_600))
        .build(&redis);
    let mut connection = redis.get().await?;
    let mut lives = Vec::new();
    for key in 0..50 {
        names.put(key, &some("Ann")).await?;
        let left: i64 = connection.pttl(format!("names:{key}")).await?;
        assert!(
            (3_600_000 + 535_000..=3_600_000 + 660_000).contains(&left),
            "{left}"
        );
        lives.push(left / 1_000);
    }
    lives.sort_unstable();
    lives.dedup();
    assert!(lives.len() > 20, "{lives:?}");
    Ok(())
}

#[tokio::test]
async fn nothing_false_zero_and_empty_are_hits() -> Testing {
    let (_server, redis) = connected()?;
    let cache: Cache<Option<u32>> = Cache::builder("falsy")
        .ttl(Duration::from_secs(60))
        .build(&redis);
    let texts: Cache<String> = Cache::builder("texts")
        .ttl(Duration::from_secs(60))
        .build(&redis);
    let flags: Cache<bool> = Cache::builder("flags")
        .ttl(Duration::from_secs(60))
        .build(&redis);
    cache.put("none", &None).await?;
    cache.put("zero", &Some(0)).await?;
    texts.put("empty", &String::new()).await?;
    flags.put("false", &false).await?;
    let fails = async || -> Result<_, String> { Err("it is there".to_owned()) };
    assert_eq!(cache.get_or_load("none", fails).await, Ok(None));
    assert_eq!(cache.get_or_load("zero", fails).await, Ok(Some(0)));
    assert_eq!(
        texts
            .get_or_load("empty", async || Err("it is there".to_owned()))
            .await,
        Ok(String::new())
    );
    assert_eq!(
        flags
            .get_or_load("false", async || Err("it is there".to_owned()))
            .await,
        Ok(false)
    );
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_decoded_is_loaded_and_overwritten() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let mut connection = redis.get().await?;
    let newer: Cache<Option<u64>> = Cache::builder("names")
        .ttl(Duration::from_secs(60))
        .build(&redis);
    for key in 0..5 {
        let primary = Primary::with("Ann");
        match key {
            0 => {
                connection
                    .set::<_, _, ()>(format!("names:{key}"), "{\"name\":\"Ann\"}")
                    .await?;
            }
            1 => {
                connection
                    .set::<_, _, ()>(format!("names:{key}"), vec![0xff_u8; 200])
                    .await?;
            }
            2 => connection.lpush(format!("names:{key}"), "a list").await?,
            3 => newer.put(key, &Some(7)).await.map(|_| ())?,
            _ => {
                connection
                    .set::<_, _, ()>(format!("names:{key}"), "")
                    .await?;
            }
        }
        assert_eq!(
            names.get_or_load(key, async || primary.load()).await?,
            some("Ann"),
            "{key}"
        );
        until("it is stored", async || names.get(key).await.is_some()).await;
        assert_eq!(primary.loads(), 1, "{key}");
    }
    Ok(())
}

#[tokio::test]
async fn postcard_is_smaller_and_other_codecs_are_misses() -> Testing {
    let (_server, redis) = connected()?;
    let json = names().build(&redis);
    let compact = names().codec::<Postcard>().build(&redis);
    compact.put(7, &some("Ann")).await?;
    assert_eq!(compact.get(7).await, Some(some("Ann")));
    assert_eq!(json.get(7).await, None);
    Ok(())
}

#[test]
fn synchronous_code_has_the_same_cache() -> Testing {
    let (_server, redis) = connected()?;
    let (names, primary) = (names().build(&redis), Primary::with("Ann"));
    let read = || cache::served_blocking(|| names.get_or_load_blocking(7, || primary.load()));
    let (name, served) = read();
    assert_eq!((name?, served), (some("Ann"), Some(Served::Loaded)));
    // It is stored by a thread of the cache's.
    let mut connection = redis.get_blocking()?;
    while !connection.exists("names:7")? || names.get_blocking(7).is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let (name, served) = read();
    assert_eq!(
        (name?, served, primary.loads()),
        (some("Ann"), Some(Served::Redis), 1)
    );
    let _ = names.invalidate_blocking(7);
    let (name, served) = read();
    assert_eq!(
        (name?, served, primary.loads()),
        (some("Ann"), Some(Served::Loaded), 2)
    );
    Ok(())
}
