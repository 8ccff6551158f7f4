//! No value that was read before an invalidation is stored, or served, after it.

use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::cache::Invalidated;
use tokio::sync::Notify;

use crate::support::{Primary, Testing, connected, names, some, until};

/// Whoever invalidates: this process, another with the same cache, or somebody with a plain `DEL`.
#[derive(Clone, Copy, Debug)]
enum Who {
    This,
    Another,
    Anybody,
}

#[tokio::test]
async fn a_load_that_began_before_an_invalidation_is_not_stored_after_it() -> Testing {
    for stale in [Duration::ZERO, Duration::from_secs(3_600)] {
        for who in [Who::This, Who::Another, Who::Anybody] {
            let (_server, redis) = connected()?;
            let build = || names().stale_if_error(stale).build(&redis);
            let (names, another) = (build(), build());
            let (loading, go) = (Notify::new(), Notify::new());
            let load = names.get_or_load(7, || async {
                loading.notify_one();
                go.notified().await;
                RedisResult::Ok(some("old"))
            });
            let invalidate = async {
                loading.notified().await;
                match who {
                    Who::This => assert_eq!(names.invalidate(7).await, Invalidated::Everywhere),
                    Who::Another => {
                        assert_eq!(another.invalidate(7).await, Invalidated::Everywhere);
                    }
                    Who::Anybody => redis.get().await?.del("names:7").await?,
                }
                go.notify_one();
                RedisResult::Ok(())
            };
            let (loaded, invalidated) = tokio::join!(load, invalidate);
            invalidated?;
            assert_eq!(loaded?, some("old"), "{who:?}: it was read before");
            // The store is refused whenever it comes: a new load is.
            let primary = Primary::with("new");
            until("it is stored", async || {
                let name = names.get_or_load(7, async || primary.load()).await;
                assert_eq!(name.expect("it is loaded"), some("new"), "{who:?}");
                names.get(7).await.is_some()
            })
            .await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_was_put_is_not_overwritten_by_a_load_that_began_before() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let (loading, go) = (Notify::new(), Notify::new());
    let load = names.get_or_load(7, || async {
        loading.notify_one();
        go.notified().await;
        RedisResult::Ok(some("old"))
    });
    let put = async {
        loading.notified().await;
        let put = names.put(7, &some("new")).await;
        go.notify_one();
        put
    };
    let (_, put) = tokio::join!(load, put);
    assert_eq!(put?, Invalidated::Everywhere);
    for _ in 0..20 {
        assert_eq!(names.get(7).await, Some(some("new")));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

#[tokio::test]
async fn an_invalidation_that_redis_cannot_be_told_is_told_later() -> Testing {
    let (server, redis) = connected()?;
    let names = names().timeout(Duration::from_millis(200)).build(&redis);
    names.put(7, &some("old")).await?;
    server.freeze();
    assert_eq!(names.invalidate(7).await, Invalidated::Pending);
    assert_eq!(names.pending_invalidations(), 1);
    let primary = Primary::with("new");
    // Redis still has the old value, which this process is not served.
    assert_eq!(
        names.get_or_load(7, async || primary.load()).await?,
        some("new")
    );
    server.thaw();
    assert_eq!(
        names.get_or_load(7, async || primary.load()).await?,
        some("new")
    );
    until("Redis is told", async || names.pending_invalidations() == 0).await;
    assert_ne!(names.get(7).await, Some(some("old")));
    Ok(())
}

#[tokio::test]
async fn an_invalidation_that_is_dropped_half_way_is_told_later() -> Testing {
    let (server, redis) = connected()?;
    let names = names().build(&redis);
    names.put(7, &some("old")).await?;
    server.freeze();
    let dropped = tokio::time::timeout(Duration::from_millis(50), names.invalidate(7)).await;
    assert!(dropped.is_err());
    server.thaw();
    until("Redis is told", async || names.pending_invalidations() == 0).await;
    assert_eq!(names.get(7).await, None);
    Ok(())
}

#[tokio::test]
async fn after_an_invalidation_no_copy_is_served_in_need_either() -> Testing {
    let (server, redis) = connected()?;
    let build = || {
        names()
            .timeout(Duration::from_millis(300))
            .stale_if_error(Duration::from_secs(3_600))
            .build(&redis)
    };
    let (names, another) = (build(), build());
    names.put(7, &some("old")).await?;
    // Both have a copy.
    assert_eq!(names.get(7).await, Some(some("old")));
    assert_eq!(another.get(7).await, Some(some("old")));
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    assert_eq!(names.invalidate(7).await, Invalidated::Everywhere);
    assert_eq!(
        names.get_or_load(7, fails).await,
        Err("the primary is gone")
    );
    assert_eq!(
        another.get_or_load(7, fails).await,
        Err("the primary is gone")
    );
    server.kill();
    assert_eq!(
        another.get_or_load(7, fails).await,
        Err("the primary is gone")
    );
    Ok(())
}
