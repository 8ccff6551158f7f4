//! Redis is away: the value is loaded, and no error of Redis's reaches the caller.

use std::time::Duration;

use redis_resilient::cache::{self, Served};

use crate::support::{Primary, Testing, connected, names, some, until};

#[tokio::test]
async fn a_redis_that_is_killed_frozen_or_loading_is_a_miss() -> Testing {
    let (server, redis) = connected()?;
    let names = names().timeout(Duration::from_millis(200)).build(&redis);
    let primary = Primary::with("Ann");
    let read = async || names.get_or_load(7, async || primary.load()).await;
    assert_eq!(read().await?, some("Ann"));
    server.kill();
    for _ in 0..50 {
        assert_eq!(read().await?, some("Ann"));
    }
    server.restart()?;
    until("it is stored", async || {
        read().await.is_ok() && names.get(7).await.is_some()
    })
    .await;
    server.freeze();
    for _ in 0..10 {
        assert_eq!(read().await?, some("Ann"));
    }
    server.thaw();
    assert_eq!(names.loading(), 0);
    Ok(())
}

#[tokio::test]
async fn a_copy_answers_where_redis_and_the_primary_are_both_gone() -> Testing {
    let (server, redis) = connected()?;
    let names = names()
        .timeout(Duration::from_millis(300))
        .stale_if_error(Duration::from_secs(3_600))
        .build(&redis);
    names.put(7, &some("Ann")).await?;
    // A hit is what makes the copy.
    assert_eq!(names.get(7).await, Some(some("Ann")));
    server.kill();
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    let (name, from) = cache::served(names.get_or_load(7, fails)).await;
    assert_eq!(name, Ok(some("Ann")));
    assert!(matches!(from, Some(Served::Stale { .. })), "{from:?}");
    assert_eq!(
        names.get_or_load(8, fails).await,
        Err("the primary is gone")
    );
    // And where Redis has come back empty.
    server.restart()?;
    let (name, from) = cache::served(names.get_or_load(7, fails)).await;
    assert_eq!(name, Ok(some("Ann")));
    assert!(matches!(from, Some(Served::Stale { .. })), "{from:?}");
    Ok(())
}

#[test]
fn synchronous_code_survives_it_too() -> Testing {
    let (server, redis) = connected()?;
    let names = names()
        .timeout(Duration::from_millis(300))
        .stale_if_error(Duration::from_secs(3_600))
        .build(&redis);
    names.put_blocking(7, &some("Ann"))?;
    assert_eq!(names.get_blocking(7), Some(some("Ann")));
    server.kill();
    let primary = Primary::with("Bob");
    assert_eq!(
        names.get_or_load_blocking(7, || primary.load())?,
        some("Bob")
    );
    let fails = || Err::<Option<String>, _>("the primary is gone");
    assert_eq!(names.get_or_load_blocking(7, fails), Ok(some("Bob")));
    Ok(())
}
