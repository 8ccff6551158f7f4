//! A limit on the loads of a cache: room at the primary store.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::RedisError;
use redis_resilient::cache::{self, Cache, Json, Limited, Served};
use redis_resilient::connection::Connector;
use redis_resilient::{Bulkhead, Rejection};

use crate::support::{Testing, connected, until};

/// To see who does not wait for it.
const LONG: Duration = Duration::from_secs(20);
const STALE: Duration = Duration::from_secs(600);

fn names(limit: &'static Bulkhead, redis: &Connector) -> Cache<String, Json, Limited> {
    Cache::builder("names")
        .ttl(Duration::from_millis(100))
        .stale_if_error(STALE)
        .timeout(Duration::from_secs(2))
        .limit(limit)
        .limit_wait(LONG)
        .build(redis)
}

fn is_saturated(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(Rejection::find(error), Some(Rejection::Saturated { bulkhead, .. }) if *bulkhead == "primary")
}

fn load(name: &str) -> Ready<Result<String, RedisError>> {
    ready(Ok(name.to_owned()))
}

#[tokio::test]
async fn who_has_a_stale_value_does_not_wait_for_room() -> Testing {
    static PRIMARY: Bulkhead = Bulkhead::new("primary", 1);
    let (_server, redis) = connected()?;
    let names = names(&PRIMARY, &redis);
    names
        .put_many([(1, &"Ann".to_owned()), (2, &"Bob".to_owned())])
        .await?;
    until("their time is over", async || {
        names.get_many([1, 2]).await == [None, None]
    })
    .await;
    let _full = PRIMARY.try_acquire()?;
    let begun = Instant::now();
    let is_stale = |served| matches!(served, Some(Served::Stale { .. }));
    let (name, served) = cache::served(names.get_or_load(1, || load("new"))).await;
    assert!(name? == "Ann" && is_stale(served), "{served:?}");
    let (name, served) = cache::served(names.get_or_load_shared(1, || load("new"))).await;
    assert!(name? == "Ann" && is_stale(served), "{served:?}");
    let in_background = names.get_or_load_in_background(1, || load("new"));
    let (name, served) = cache::served(in_background).await;
    assert!(name? == "Ann" && is_stale(served), "{served:?}");
    let many = names.get_many_or_load([2, 1], |_| async {
        Ok::<_, RedisError>([(1, "new".to_owned())])
    });
    let (found, served) = cache::served(many).await;
    assert_eq!(found?, [Some("Bob".to_owned()), Some("Ann".to_owned())]);
    assert!(is_stale(served), "{served:?}");
    let blocking = names.clone();
    let blocking = tokio::task::spawn_blocking(move || {
        let one = blocking.get_or_load_blocking(1, || Ok::<_, RedisError>("new".to_owned()));
        let many = blocking
            .get_many_or_load_blocking([1], |_| Ok::<_, RedisError>([(1, "new".to_owned())]));
        (one, many)
    });
    let (one, many) = blocking.await?;
    assert_eq!(
        (one?, many?),
        ("Ann".to_owned(), vec![Some("Ann".to_owned())])
    );
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn where_there_is_no_room_and_nothing_stale_the_error_says_so() -> Testing {
    static PRIMARY: Bulkhead = Bulkhead::new("primary", 1);
    let (_server, redis) = connected()?;
    let names = Cache::builder("names")
        .ttl(STALE)
        .limit(&PRIMARY)
        .limit_wait(Duration::from_millis(50))
        .build(&redis);
    let full = PRIMARY.try_acquire()?;
    let one = names.get_or_load(1, || load("Ann")).await;
    assert!(is_saturated(&one.expect_err("there is no room")));
    let shared: Result<_, Arc<anyhow::Error>> = names
        .get_or_load_shared(1, || async { Ok("Ann".to_owned()) })
        .await;
    assert!(is_saturated(
        (*shared.expect_err("there is no room")).as_ref()
    ));
    let in_background = names.get_or_load_in_background(1, || load("Ann")).await;
    assert!(is_saturated(&in_background.expect_err("there is no room")));
    let rows = |ids: Vec<u32>| {
        ids.into_iter()
            .map(|id| (id, "Ann".to_owned()))
            .collect::<Vec<_>>()
    };
    let many = names.get_many_or_load([1, 2], |ids| async { Ok::<_, RedisError>(rows(ids)) });
    assert!(is_saturated(&many.await.expect_err("there is no room")));
    let blocking = names.clone();
    let blocking = move || {
        let one = blocking.get_or_load_blocking(1, || Ok::<_, RedisError>("Ann".to_owned()));
        let many = blocking.get_many_or_load_blocking([1], |ids| Ok::<_, RedisError>(rows(ids)));
        (one, many)
    };
    let (one, many) = tokio::task::spawn_blocking(blocking).await?;
    assert!(is_saturated(&one.expect_err("there is no room")));
    assert!(is_saturated(&many.expect_err("there is no room")));
    assert_eq!((PRIMARY.inside(), names.loading()), (1, 0));
    drop(full);
    // One place is for all of a batch, and it is given back.
    let many = names.get_many_or_load(0..9, |ids| async {
        assert_eq!(PRIMARY.inside(), 1);
        Ok::<_, RedisError>(rows(ids))
    });
    assert_eq!(many.await?, vec![Some("Ann".to_owned()); 9]);
    assert_eq!(PRIMARY.inside(), 0);
    Ok(())
}

#[tokio::test]
async fn who_has_nothing_waits_for_room() -> Testing {
    static PRIMARY: Bulkhead = Bulkhead::new("primary", 1);
    let (_server, redis) = connected()?;
    let names = names(&PRIMARY, &redis);
    let full = PRIMARY.try_acquire()?;
    let read = names.get_or_load(1, || load("Ann"));
    let leave = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(full);
    };
    let (name, ()) = tokio::join!(read, leave);
    assert_eq!(name?, "Ann");
    Ok(())
}
