//! A journal that has no room.

use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::Class;
use redis_resilient::journal::{WhenFull, Written};

use crate::support::{Place, TestResult, connector, drained, kill, lasting, on_each_keeper};

on_each_keeper!(
    a_full_one_refuses_and_says_both_why,
    one_that_drops_keeps_the_newest,
);

async fn a_full_one_refuses_and_says_both_why(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("small").max_entries(3).open(&redis)?;
    let mut orders = journal.over(&redis);
    kill(&server, &redis).await;
    for key in 0..3 {
        orders.set::<_, _, ()>(key, 1).await?;
    }
    let error = orders
        .set::<_, _, Written<()>>(3, 1)
        .await
        .expect_err("it is full");
    assert!(
        matches!(Class::of(&error), Class::Unreachable | Class::Rejected),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.contains("journal is full: 3 writes") && text.contains("max_entries"),
        "{text}"
    );
    server.restart()?;
    drained(&journal).await;
    orders.set::<_, _, ()>(4, 1).await?;
    let there: Vec<bool> = [0, 1, 2, 3, 4]
        .map(|key| redis_key(&server, key))
        .into_iter()
        .collect::<Result<_, _>>()?;
    assert_eq!(there, [true, true, true, false, true]);
    assert_eq!(journal.close(Duration::from_secs(5)).await?, 0);
    Ok(())
}

fn redis_key(server: &redis_resilient_testkit::RealRedis, key: u32) -> redis::RedisResult<bool> {
    redis::Commands::exists(&mut redis_resilient_tests::connect(&server.url())?, key)
}

async fn one_that_drops_keeps_the_newest(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place
        .builder("newest")
        .max_entries(40)
        .when_full(WhenFull::DropOldest)
        .open(&redis)?;
    let mut orders = journal.over(&redis);
    kill(&server, &redis).await;
    for number in 0..100 {
        orders.rpush::<_, _, ()>("list", number).await?;
    }
    assert!(journal.progress().waiting <= 40);
    server.restart()?;
    drained(&journal).await;
    let list: Vec<u64> = orders.lrange("list", 0, -1).await?;
    assert_eq!(list, (100 - list.len() as u64..100).collect::<Vec<_>>());
    assert!(list.len() >= 20, "{list:?}");
    Ok(())
}
