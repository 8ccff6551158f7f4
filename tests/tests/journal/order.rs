//! In what order writes are executed.

use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::journal::Written;

use crate::support::{Place, TestResult, connector, drained, kill, lasting, on_each_keeper, until};

on_each_keeper!(
    a_newer_write_of_the_same_key_queues_behind,
    each_key_is_in_order_through_outages,
    a_write_of_two_keys_is_in_order_with_both,
    sets_of_one_key_are_one_if_that_is_asked_for,
);

/// While a key has a write that waits, none overtakes it, though Redis is there and takes all others directly.
async fn a_newer_write_of_the_same_key_queues_behind(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    // One write a second: what waits does so long enough to be seen.
    let journal = place
        .builder("overtaking")
        .rate(1)
        .concurrency(1)
        .open(&redis)?;
    let mut orders = journal.over(&redis);
    kill(&server, &redis).await;
    for number in 0..8 {
        let written: Written<u64> = orders.rpush("slow", number).await?;
        assert!(written.is_queued());
    }
    server.restart()?;
    until(|| journal.progress().waiting < 8).await;
    assert_eq!(orders.rpush("slow", 8).await, Ok(Written::<u64>::Queued));
    // Other keys are not held up.
    let other: u64 = loop {
        // The circuit may have to close first.
        match orders.rpush("other", 1).await? {
            Written::Done(length) => break length,
            _ => drained_of(&journal, "other", &mut orders).await?,
        }
    };
    assert!(other >= 1);
    assert_eq!(orders.rpush("slow", 9).await, Ok(Written::<u64>::Queued));
    drained(&journal).await;
    let list: Vec<u64> = orders.lrange("slow", 0, -1).await?;
    assert_eq!(list, (0..10).collect::<Vec<_>>());
    Ok(())
}

async fn drained_of(
    journal: &redis_resilient::journal::Journal,
    key: &str,
    orders: &mut redis_resilient::journal::JournalConnection,
) -> TestResult {
    while journal.progress().waiting > 0 {
        if orders.llen::<_, u64>(key).await? > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Many keys at once, with several outages in between: each key's list is in the order in which its writes were acknowledged.
async fn each_key_is_in_order_through_outages(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("many keys").open(&redis)?;
    let writers: Vec<_> = (0..16)
        .map(|key| {
            let mut orders = journal.over(&redis).exactly_once(crate::support::REMEMBER);
            tokio::spawn(async move {
                for number in 0..300_u64 {
                    let _: Written<u64> = orders.rpush(key, number).await?;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                Ok::<_, redis::RedisError>(())
            })
        })
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(60)).await;
        server.restart()?;
    }
    for writer in writers {
        writer.await??;
    }
    drained(&journal).await;
    for key in 0..16 {
        let list: Vec<u64> = redis.get().await?.lrange(key, 0, -1).await?;
        assert_eq!(list, (0..300).collect::<Vec<_>>(), "key {key}");
    }
    Ok(())
}

/// A transaction waits for all of its keys, and all of them wait for it.
async fn a_write_of_two_keys_is_in_order_with_both(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("two keys").open(&redis)?;
    let mut orders = journal.over(&redis);
    kill(&server, &redis).await;
    for round in 0..20 {
        orders.set::<_, _, ()>("a", format!("a{round}")).await?;
        orders.set::<_, _, ()>("b", format!("b{round}")).await?;
        redis::pipe()
            .atomic()
            .append("a", "!")
            .append("b", "!")
            .exec_async(&mut orders)
            .await?;
        orders.append::<_, _, ()>("a", "?").await?;
    }
    server.restart()?;
    drained(&journal).await;
    let values: Vec<String> = orders.mget(&["a", "b"]).await?;
    assert_eq!(values, ["a19!?", "b19!"]);
    Ok(())
}

/// Of `SET`s in a row only the last one has to be executed.
async fn sets_of_one_key_are_one_if_that_is_asked_for(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("coalesced").coalesce(true).open(&redis)?;
    let mut orders = journal.over(&redis);
    kill(&server, &redis).await;
    for number in 0..200 {
        orders.set::<_, _, ()>("k", number).await?;
    }
    orders.append::<_, _, ()>("k", "x").await?;
    server.restart()?;
    drained(&journal).await;
    assert_eq!(orders.get("k").await, Ok("199x".to_owned()));
    let info: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut redis.get().await?)
        .await?;
    let sets = info
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_set:calls="));
    let sets: u32 = sets
        .and_then(|rest| rest.split(',').next())
        .unwrap_or("0")
        .parse()?;
    assert!((1..20).contains(&sets), "{sets} SETs");
    Ok(())
}
