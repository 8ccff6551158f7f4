//! A cache that keeps values near: what is served from the process, and what is not.

use std::time::Duration;

use redis_resilient::cache::{self, Invalidated, Served};

use crate::support::{Primary, Testing, connected, names, some, until};

#[tokio::test]
async fn the_second_hit_is_from_the_process_and_an_own_write_ends_it() -> Testing {
    for is_tracked in [false, true] {
        let (_server, redis) = connected()?;
        let names = if is_tracked {
            names().near_tracking().build(&redis)
        } else {
            names().near(Duration::from_secs(600)).build(&redis)
        };
        let primary = Primary::with("Ann");
        let read = async || cache::served(names.get_or_load(7, async || primary.load())).await;
        until("it is near", async || read().await.1 == Some(Served::Near)).await;
        primary.set("Bob");
        assert_eq!(names.invalidate(7).await, Invalidated::Everywhere);
        let (name, served) = read().await;
        assert_eq!((name?, served), (some("Bob"), Some(Served::Loaded)));
        until("it is near", async || read().await.1 == Some(Served::Near)).await;
        assert_eq!(names.put(7, &some("Cid")).await?, Invalidated::Everywhere);
        assert_eq!(read().await.0?, some("Cid"));
    }
    Ok(())
}

#[tokio::test]
async fn what_another_process_changes_is_served_no_longer_than_was_said() -> Testing {
    let (_server, redis) = connected()?;
    let timed = names().near(Duration::from_millis(500)).build(&redis);
    let tracked = names().near_tracking().build(&redis);
    let another = names().build(&redis);
    another.put(7, &some("Ann")).await?;
    for names in [&timed, &tracked] {
        let get = async || cache::served(names.get(7)).await;
        until("it is near", async || get().await.1 == Some(Served::Near)).await;
    }
    another.put(7, &some("Bob")).await?;
    let begun = std::time::Instant::now();
    for names in [&timed, &tracked] {
        until("the new value is served", async || {
            names.get(7).await == Some(some("Bob"))
        })
        .await;
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    Ok(())
}

#[test]
fn synchronous_code_is_served_from_the_process_too() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().near(Duration::from_secs(600)).build(&redis);
    names.put_blocking(7, &some("Ann"))?;
    assert_eq!(names.get_blocking(7), Some(some("Ann")));
    let (name, served) = cache::served_blocking(|| names.get_blocking(7));
    assert_eq!((name, served), (Some(some("Ann")), Some(Served::Near)));
    Ok(())
}

#[test]
#[should_panic(expected = "`near` is how long a value is kept in the process")]
fn a_time_that_is_longer_than_the_value_is_good_is_refused() {
    let (_server, redis) = connected().expect("a server");
    let _ = names().near(Duration::from_secs(601)).build(&redis);
}
