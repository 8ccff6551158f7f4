//! What was written or invalidated does not come back.

use std::sync::Arc;
use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::cache::{CacheBuilder, Invalidated};
use redis_resilient_testkit::RealRedis;
use tokio::sync::Notify;

use crate::support::{Primary, Testing, connected, names, some, until};

const MINUTE: Duration = Duration::from_secs(60);

/// The paths on which a load is begun.
#[derive(Clone, Copy, Debug)]
enum Path {
    Foreground,
    Background,
    Revalidate,
    SoftTimeout,
    Early,
}

impl Path {
    fn build(self) -> CacheBuilder<Option<String>> {
        match self {
            Self::Foreground | Self::Background => names(),
            Self::Revalidate => names()
                .ttl(Duration::from_millis(50))
                .stale_while_revalidate(MINUTE),
            Self::SoftTimeout => names()
                .ttl(Duration::from_millis(50))
                .stale_if_error(MINUTE)
                .soft_timeout(Duration::from_millis(10)),
            Self::Early => names().refresh_ahead(900_000.0),
        }
    }
}

#[tokio::test]
async fn c1_an_invalidation_beats_each_load_that_began_before_it() -> Testing {
    for path in [
        Path::Foreground,
        Path::Background,
        Path::Revalidate,
        Path::SoftTimeout,
        Path::Early,
    ] {
        let (_server, redis) = connected()?;
        let names = path.build().build(&redis);
        // Something to be refreshed, whose load took some time.
        let first = || async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            RedisResult::Ok(some("v1"))
        };
        if matches!(path, Path::Revalidate | Path::SoftTimeout | Path::Early) {
            names.get_or_load(7, first).await?;
            until("it is stored", async || {
                redis.get().await.is_ok() && names.loading() == 0
            })
            .await;
        }
        if matches!(path, Path::Revalidate | Path::SoftTimeout) {
            until("its time is over", async || names.get(7).await.is_none()).await;
        }
        let (loading, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        // A reader that loads: early refreshes are not each reader's.
        let reader = loop {
            let (loads, go, names) = (loading.clone(), go.clone(), names.clone());
            let is_foreground = matches!(path, Path::Foreground);
            let mut reader = tokio::spawn(async move {
                let load = move || async move {
                    loads.notify_one();
                    go.notified().await;
                    RedisResult::Ok(some("v1"))
                };
                if is_foreground {
                    names.get_or_load(7, load).await
                } else {
                    names.get_or_load_in_background(7, load).await
                }
            });
            tokio::select! {
                biased;
                () = loading.notified() => break Some(reader),
                name = &mut reader => assert_eq!(name??, some("v1"), "{path:?}"),
            }
            // It may be given a value while its load is only about to begin.
            let patience = Duration::from_millis(100);
            if tokio::time::timeout(patience, loading.notified())
                .await
                .is_ok()
            {
                break None;
            }
        };
        assert_eq!(
            names.invalidate(7).await,
            Invalidated::Everywhere,
            "{path:?}"
        );
        go.notify_one();
        if let Some(reader) = reader {
            assert_eq!(reader.await??, some("v1"), "{path:?}: it was read before");
        }
        let primary = Primary::with("v2");
        for _ in 0..10 {
            let name = names.get_or_load(7, async || primary.load()).await?;
            assert_eq!(name, some("v2"), "{path:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    Ok(())
}

/// A copy of the primary store may lag behind it: who puts what was written is not given what the copy has. After an invalidation alone the bound is the
/// `ttl`.
#[tokio::test]
async fn c4_a_lagging_source_is_not_asked_after_a_put_and_bounded_by_the_ttl_otherwise() -> Testing
{
    let (_server, redis) = connected()?;
    let names = names().ttl(Duration::from_millis(200)).build(&redis);
    let lagging = Primary::with("old");
    names.put(7, &some("new")).await?;
    let name = names.get_or_load(7, async || lagging.load()).await?;
    assert_eq!((name, lagging.loads()), (some("new"), 0));
    let _ = names.invalidate(7).await;
    names.get_or_load(7, async || lagging.load()).await?;
    until("it is stored", async || {
        names.get(7).await == Some(some("old"))
    })
    .await;
    let left: u64 = redis.get().await?.pttl("names:7").await?;
    assert!(left <= 220, "{left}");
    Ok(())
}

#[tokio::test]
async fn c13_an_entry_whose_time_is_over_is_invalidated_too() -> Testing {
    let (server, redis) = connected()?;
    let build = || {
        names()
            .ttl(Duration::from_millis(50))
            .timeout(Duration::from_millis(300))
            .stale_if_error(MINUTE)
            .build(&redis)
    };
    let (names, another) = (build(), build());
    names.put(7, &some("old")).await?;
    // Both have a copy.
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    assert_eq!(names.get_or_load(7, fails).await, Ok(some("old")));
    assert_eq!(another.get_or_load(7, fails).await, Ok(some("old")));
    until("its time is over", async || names.get(7).await.is_none()).await;
    assert_eq!(another.get_or_load(7, fails).await, Ok(some("old")));
    assert_eq!(names.invalidate(7).await, Invalidated::Everywhere);
    for cache in [&names, &another] {
        assert!(cache.get_or_load(7, fails).await.is_err());
    }
    server.kill();
    for cache in [&names, &another] {
        assert!(cache.get_or_load(7, fails).await.is_err());
    }
    Ok(())
}

#[tokio::test]
async fn c20_a_redis_that_takes_no_writes_keeps_no_old_value() -> Testing {
    for stale in [Duration::ZERO, MINUTE * 60] {
        let server = RealRedis::start()?;
        let redis = redis_resilient::connection::Connector::open(server.url())?;
        let names = names().stale_if_error(stale).build(&redis);
        let build = || crate::support::names().stale_if_error(stale).build(&redis);
        names.put(7, &some("v1")).await?;
        names.put(8, &some("v1")).await?;
        let mut connection = redis.get().await?;
        let mut limit = redis::cmd("CONFIG");
        limit.arg("SET").arg("maxmemory");
        limit.clone().arg(1).exec_async(&mut connection).await?;
        assert_eq!(names.invalidate(7).await, Invalidated::Everywhere);
        let _ = names.put(8, &some("v2")).await?;
        until("Redis is told", async || names.pending_invalidations() == 0).await;
        for key in [7, 8] {
            assert_ne!(names.get(key).await, Some(some("v1")));
            assert_ne!(build().get(key).await, Some(some("v1")));
        }
    }
    Ok(())
}

#[tokio::test]
async fn c20_a_copy_that_finds_no_room_leaves_no_older_one() -> Testing {
    let (server, redis) = connected()?;
    let names = names()
        .timeout(Duration::from_millis(300))
        .stale_if_error(MINUTE * 60)
        .copies(1, 16)
        .build(&redis);
    let long = "a value for which there is no room ".repeat(10);
    for value in ["v1", &long] {
        names.put(7, &some(value)).await?;
        assert_eq!(names.get(7).await, Some(some(value)));
    }
    server.kill();
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    assert_ne!(names.get_or_load(7, fails).await, Ok(some("v1")));
    Ok(())
}
