//! What other processes see: the lease.

use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use tokio::sync::Notify;

use crate::support::{Testing, connected, hold, names, some, store_elsewhere, until};

#[tokio::test]
async fn while_one_loads_the_key_says_so_and_ends_by_itself() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let mut connection = redis.get().await?;
    let loading = Notify::new();
    let mut load = Box::pin(names.get_or_load(7, || async {
        loading.notify_one();
        std::future::pending::<RedisResult<_>>().await
    }));
    tokio::select! {
        _ = &mut load => panic!("it is stuck"),
        () = loading.notified() => {}
    }
    let entry: String = connection.get("names:7").await?;
    let left: i64 = connection.pttl("names:7").await?;
    assert!(
        entry.starts_with("RR1 ") && entry.contains(" l "),
        "{entry}"
    );
    assert!((1..=5_000).contains(&left), "{left}");
    // A leader that is dropped gives it back.
    drop(load);
    until("it is given back", async || {
        !connection.clone().exists("names:7").await.unwrap_or(true)
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn a_load_that_fails_gives_the_lease_back() -> Testing {
    let (_server, redis) = connected()?;
    let names = names()
        .stale_if_error(Duration::from_secs(600))
        .build(&redis);
    let fails = || async { Err::<Option<String>, _>("the primary is gone") };
    assert!(names.get_or_load(7, fails).await.is_err());
    let connection = redis.get().await?;
    until("it is given back", async || {
        !connection.clone().exists("names:7").await.unwrap_or(true)
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn who_finds_another_process_loading_waits_for_its_value() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let _ = names.put(70, &some("loaded there")).await?;
    hold(&redis, "names:7", 4_000).await?;
    let read = names.get_or_load(7, || async { RedisResult::Ok(some("loaded here")) });
    let other = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        store_elsewhere(&redis, "names:70", "names:7").await
    };
    let (read, other) = tokio::join!(read, other);
    other?;
    assert_eq!(read?, some("loaded there"));
    Ok(())
}

#[tokio::test]
async fn who_finds_a_process_that_has_died_loading_loads_when_its_lease_is_over() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    hold(&redis, "names:7", 300).await?;
    let begun = std::time::Instant::now();
    let name = names
        .get_or_load(7, || async { RedisResult::Ok(some("Ann")) })
        .await?;
    assert_eq!(name, some("Ann"));
    assert!(
        begun.elapsed() >= Duration::from_millis(250),
        "{:?}",
        begun.elapsed()
    );
    until("it is stored", async || names.get(7).await.is_some()).await;
    Ok(())
}
