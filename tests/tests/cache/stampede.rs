//! Many callers of one key: one load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::sync::Notify;

use crate::support::{Testing, connected, names, some, until};

#[tokio::test]
async fn a_thousand_callers_of_a_missing_key_are_one_load() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let loads = Arc::new(AtomicU32::new(0));
    let calls: Vec<_> = (0..1_000)
        .map(|_| {
            let (names, loads) = (names.clone(), loads.clone());
            tokio::spawn(async move {
                names
                    .get_or_load(7, || async {
                        loads.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        RedisResult::Ok(some("Ann"))
                    })
                    .await
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await??, some("Ann"));
    }
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    until("it is stored", async || names.loading() == 0).await;
    Ok(())
}

#[tokio::test]
async fn an_error_is_told_to_all_who_wait_and_not_remembered() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let (loads, go) = (AtomicU32::new(0), Notify::new());
    let call = || {
        names.get_or_load(7, || async {
            loads.fetch_add(1, Ordering::Relaxed);
            go.notified().await;
            Err::<Option<String>, _>("the primary is gone")
        })
    };
    let (first, second, third, ()) = tokio::join!(call(), call(), call(), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        go.notify_one();
    });
    for error in [first, second, third] {
        assert_eq!(error, Err("the primary is gone"));
    }
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    go.notify_one();
    assert!(call().await.is_err());
    assert_eq!((loads.load(Ordering::Relaxed), names.loading()), (2, 0));
    Ok(())
}

#[tokio::test]
async fn a_leader_that_is_dropped_or_panics_passes_the_load_on() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    for panics in [false, true] {
        let key = u8::from(panics);
        let (loads, loading) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let call = |is_first: bool| {
            let (names, loads, loading) = (names.clone(), loads.clone(), loading.clone());
            tokio::spawn(async move {
                names
                    .get_or_load(key, || async {
                        loads.fetch_add(1, Ordering::Relaxed);
                        if is_first {
                            loading.notify_one();
                            loading.notified().await;
                            assert!(!panics, "the load panics, for a test");
                            std::future::pending::<()>().await;
                        }
                        Ok::<_, RedisError>(some("Ann"))
                    })
                    .await
            })
        };
        let first = call(true);
        loading.notified().await;
        let others = [call(false), call(false), call(false)];
        // They wait: their looks at Redis are over.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if panics {
            loading.notify_one();
        } else {
            first.abort();
        }
        assert!(first.await.is_err());
        for other in others {
            assert_eq!(other.await??, some("Ann"));
        }
        assert_eq!(loads.load(Ordering::Relaxed), 2);
        until("it is stored", async || names.loading() == 0).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_load_in_the_background_finishes_though_all_callers_are_impatient() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let loads = Arc::new(AtomicU32::new(0));
    let call = || {
        let loads = loads.clone();
        let load = move || async move {
            loads.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(300)).await;
            RedisResult::Ok(some("Ann"))
        };
        tokio::time::timeout(
            Duration::from_millis(100),
            names.get_or_load_in_background(7, load),
        )
    };
    let mut calls = 0;
    loop {
        calls += 1;
        assert!(calls < 200, "it is never there");
        if let Ok(name) = call().await {
            assert_eq!(name?, some("Ann"));
            break;
        }
    }
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    Ok(())
}

#[tokio::test]
async fn a_leader_that_nobody_polls_is_overtaken() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().lease(Duration::from_millis(200)).build(&redis);
    let (loading, stuck) = (Notify::new(), Notify::new());
    let mut first = Box::pin(names.get_or_load(7, || async {
        loading.notify_one();
        stuck.notified().await;
        RedisResult::Ok(some("old"))
    }));
    tokio::select! {
        _ = &mut first => panic!("it is stuck"),
        () = loading.notified() => {}
    }
    // `first` is kept, and not polled.
    let second = names
        .get_or_load(7, || async { RedisResult::Ok(some("Ann")) })
        .await?;
    assert_eq!(second, some("Ann"));
    drop(first);
    until("it is stored", async || names.loading() == 0).await;
    Ok(())
}

#[tokio::test]
async fn two_caches_with_the_same_key_have_nothing_to_do_with_each_other() -> Testing {
    let (_server, redis) = connected()?;
    let (_other_server, other_redis) = connected()?;
    let tenants = [
        names().build(&redis),
        names().build(&other_redis),
        names().prefix("other").build(&redis),
    ];
    let load = |name: &'static str| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        RedisResult::Ok(some(name))
    };
    let (a, b, c) = tokio::join!(
        tenants[0].get_or_load(7, || load("a")),
        tenants[1].get_or_load(7, || load("b")),
        tenants[2].get_or_load(7, || load("c")),
    );
    assert_eq!([a?, b?, c?], [some("a"), some("b"), some("c")]);
    Ok(())
}
