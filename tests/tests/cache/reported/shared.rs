//! One load for many callers: each gets the outcome of the one it has joined, and of no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::RedisResult;
use redis_resilient::cache::{self, Served};
use tokio::sync::Notify;

use crate::support::{Testing, connected, names, some, until};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn c7_who_has_joined_a_load_that_fails_is_told_so_and_tries_again() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let (loads, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let call = || {
        let (names, loads, go) = (names.clone(), loads.clone(), go.clone());
        async move {
            let load = || async {
                let number = loads.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                Err::<Option<String>, _>(number)
            };
            names.get_or_load(7, load).await
        }
    };
    // Two runs, one right after the other: nobody is told of the wrong one.
    for run in 0..2 {
        let callers: Vec<_> = (0..20).map(|_| tokio::spawn(call())).collect();
        until("they load", async || {
            loads.load(Ordering::SeqCst) == run + 1
        })
        .await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        go.notify_one();
        for caller in callers {
            assert_eq!(caller.await?, Err(run));
        }
    }
    // A loop that tries until it succeeds goes on.
    let tries = AtomicU32::new(0);
    let value = loop {
        let load = || async {
            if tries.fetch_add(1, Ordering::SeqCst) < 3 {
                return Err("not yet");
            }
            Ok(some("Ann"))
        };
        if let Ok(value) = names.get_or_load(8, load).await {
            break value;
        }
    };
    assert_eq!((value, tries.into_inner()), (some("Ann"), 4));
    Ok(())
}

#[tokio::test]
async fn c10_the_cancellation_of_one_caller_is_nobody_elses_error() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .ttl(Duration::from_millis(50))
        .stale_if_error(MINUTE)
        .build(&redis);
    names.put(7, &some("Ann")).await?;
    until("its time is over", async || names.get(7).await.is_none()).await;
    let loading = Arc::new(Notify::new());
    let leader = tokio::spawn({
        let (names, loading) = (names.clone(), loading.clone());
        async move {
            let load = || async {
                loading.notify_one();
                std::future::pending::<RedisResult<_>>().await
            };
            names.get_or_load(7, load).await
        }
    });
    loading.notified().await;
    let others: Vec<_> = (0..10)
        .map(|_| {
            let names = names.clone();
            let load = || async { RedisResult::Ok(some("Bob")) };
            tokio::spawn(async move { names.get_or_load(7, load).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    leader.abort();
    for other in others {
        assert_eq!(other.await??, some("Bob"));
    }
    // Nor is it remembered: where the load fails, the value that is there answers.
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    assert!(names.get_or_load(7, fails).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn c11_simultaneous_stale_hits_of_two_caches_refresh_both() -> Testing {
    let (_server, redis) = connected()?;
    let build = |prefix| {
        names()
            .prefix(prefix)
            .ttl(Duration::from_millis(50))
            .stale_while_revalidate(MINUTE)
            .build(&redis)
    };
    let caches = [build("one"), build("two")];
    for cache in &caches {
        cache.put(7, &some("stale")).await?;
    }
    for cache in &caches {
        until("its time is over", async || cache.get(7).await.is_none()).await;
    }
    let read = |index: usize, name: &'static str| {
        cache::served(
            caches[index].get_or_load_in_background(7, move || async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                RedisResult::Ok(some(name))
            }),
        )
    };
    let (one, two) = tokio::join!(read(0, "one"), read(1, "two"));
    for (name, served) in [one, two] {
        assert_eq!(name?, some("stale"));
        assert!(matches!(served, Some(Served::Stale { .. })), "{served:?}");
    }
    for (cache, name) in caches.iter().zip(["one", "two"]) {
        until("each is refreshed by its own load", async || {
            cache.get(7).await == Some(some(name))
        })
        .await;
    }
    Ok(())
}
