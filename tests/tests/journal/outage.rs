//! Redis is away and comes back.

use redis::AsyncCommands;
use redis_resilient::journal::{Written, is_queued};
use redis_resilient::{Class, redis_resilient};

use crate::support::{
    Place, TestResult, builder, connector, drained, kill, lasting, on_each_keeper,
    on_lasting_keepers,
};

on_each_keeper!(
    what_redis_does_not_take_is_executed_when_it_is_back,
    pipelines_and_transactions_are_taken_whole,
    a_server_that_takes_no_writes_is_an_outage_for_writes,
);
on_lasting_keepers!(what_waits_is_executed_by_the_next_process);

async fn what_redis_does_not_take_is_executed_when_it_is_back(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("outage").open(&redis)?;
    let mut orders = journal.over(&redis);
    assert_eq!(orders.rpush("list", 0).await, Ok(Written::Done(1_u64)));
    kill(&server, &redis).await;
    for number in 1..50 {
        let written: Written<u64> = orders.rpush("list", number).await?;
        assert!(written.is_queued(), "{number}");
    }
    // Who wants no reply gets none.
    orders.set::<_, _, ()>("other", "value").await?;
    assert_eq!(journal.progress().waiting, 50);
    server.restart()?;
    // No write has to come by for that.
    drained(&journal).await;
    let list: Vec<u64> = orders.lrange("list", 0, -1).await?;
    assert_eq!(list, (0..50).collect::<Vec<_>>());
    assert_eq!(orders.get("other").await, Ok("value".to_owned()));
    // And it is as before.
    assert_eq!(orders.rpush("list", 50).await, Ok(Written::Done(51_u64)));
    Ok(())
}

#[tokio::test]
async fn who_needs_a_value_is_told_that_the_write_is_queued() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("needs a value").open(&redis)?;
    let mut orders = journal.over(&redis);
    kill(&server, &redis).await;
    let error = orders
        .incr::<_, _, u64>("n", 1)
        .await
        .expect_err("no value");
    assert!(is_queued(&error), "{error}");
    assert_eq!(
        (Class::of(&error), journal.progress().waiting),
        (Class::Permanent, 1)
    );
    let read = orders
        .get::<_, Option<u64>>("n")
        .await
        .expect_err("nobody answers");
    assert!(
        !is_queued(&read) && Class::of(&read) == Class::Unreachable,
        "{read}"
    );
    server.restart()?;
    drained(&journal).await;
    assert_eq!(orders.get("n").await, Ok(1));
    Ok(())
}

/// Locks and queues want an answer now or none at all.
#[tokio::test]
async fn a_write_whose_reply_is_the_point_is_not_journalled() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("reply").open(&redis)?;
    let mut orders = journal.over(&redis);
    kill(&server, &redis).await;
    let refused = [
        orders.set_nx::<_, _, bool>("lock", 1).await.err(),
        orders.lpop::<_, Option<String>>("list", None).await.err(),
        orders.get_del::<_, Option<String>>("key").await.err(),
        orders.publish::<_, _, u64>("channel", 1).await.err(),
    ];
    for error in refused {
        assert_eq!(
            error.map(|error| Class::of(&error)),
            Some(Class::Unreachable)
        );
    }
    assert_eq!(journal.progress().waiting, 0);
    let error = journal
        .enqueue::<()>(redis::cmd("LPOP").arg("list"))
        .await
        .expect_err("it takes something away");
    assert!(
        error.to_string().contains("`LPOP` cannot be journalled"),
        "{error}"
    );
    Ok(())
}

async fn pipelines_and_transactions_are_taken_whole(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("pipelines").open(&redis)?;
    let mut orders = journal.over(&redis);
    kill(&server, &redis).await;
    let mut pipeline = redis::pipe();
    pipeline.set("a", 1).incr("b", 2);
    let each: (Written<()>, Written<u64>) = pipeline.query_async(&mut orders).await?;
    assert!(each.0.is_queued() && each.1.is_queued());
    let all: (Written<u64>, Written<u64>) = redis::pipe()
        .atomic()
        .incr("b", 3)
        .incr("c", 4)
        .query_async(&mut orders)
        .await?;
    assert!(all.0.is_queued() && all.1.is_queued());
    let reads = redis::pipe()
        .set("d", 1)
        .get("d")
        .exec_async(&mut orders)
        .await;
    assert_eq!(
        reads.map_err(|error| Class::of(&error)),
        Err(Class::Unreachable)
    );
    assert_eq!(journal.progress().waiting, 3);
    server.restart()?;
    drained(&journal).await;
    let values: Vec<Option<u64>> = orders.mget(&["a", "b", "c", "d"]).await?;
    assert_eq!(values, [Some(1), Some(5), Some(4), None]);
    Ok(())
}

#[tokio::test]
async fn a_function_falls_back_on_it() -> TestResult {
    #[redis_resilient(retries = 1, delay = "1ms", fallback = journal.enqueue(redis::cmd("INCR").arg("n")))]
    async fn count(
        redis: &redis_resilient::connection::Connector,
        journal: &redis_resilient::journal::Journal,
    ) -> redis::RedisResult<Written<u64>> {
        redis.get().await?.incr("n", 1).await
    }
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("fallback").open(&redis)?;
    assert_eq!(count(&redis, &journal).await, Ok(Written::Done(1)));
    kill(&server, &redis).await;
    for _ in 0..20 {
        assert_eq!(count(&redis, &journal).await, Ok(Written::Queued));
    }
    server.restart()?;
    drained(&journal).await;
    assert_eq!(redis.get().await?.get("n").await, Ok(21));
    Ok(())
}

/// A full or loading server refuses for now.
async fn a_server_that_takes_no_writes_is_an_outage_for_writes(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("full server").open(&redis)?;
    let mut orders = journal.over(&redis);
    let mut admin = redis.get().await?;
    let memory = |limit: &str| {
        redis::cmd("CONFIG")
            .arg(&["SET", "maxmemory", limit])
            .clone()
    };
    memory("1").exec_async(&mut admin).await?;
    assert_eq!(orders.rpush("list", 1).await, Ok(Written::<u64>::Queued));
    assert_eq!(orders.llen("list").await, Ok(0));
    memory("0").exec_async(&mut admin).await?;
    drained(&journal).await;
    assert_eq!(orders.llen("list").await, Ok(1));
    Ok(())
}

/// What says for how long gets what is left of that.
#[tokio::test]
async fn a_time_to_live_is_over_when_it_would_have_been() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("expiry").open(&redis)?;
    let mut orders = journal.over(&redis);
    orders.set::<_, _, ()>("short", "old").await?;
    kill(&server, &redis).await;
    let begun = std::time::Instant::now();
    let short: Written<()> = orders.pset_ex("short", "new", 50).await?;
    let long: Written<()> = orders.set_ex("long", "new", 100).await?;
    assert!(short.is_queued() && long.is_queued());
    // Against the clock of a real server there is no other way.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    server.restart()?;
    drained(&journal).await;
    let left: i64 = orders.pttl("long").await?;
    let waited = i64::try_from(begun.elapsed().as_millis())?;
    assert!(
        left <= 100_000 - 300 && left >= 100_000 - waited - 1,
        "{left} of 100,000 after {waited}"
    );
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert_eq!(orders.get::<_, Option<String>>("short").await, Ok(None));
    Ok(())
}

async fn what_waits_is_executed_by_the_next_process(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    kill(&server, &redis).await;
    {
        let journal = place.builder("next process").open(&redis)?;
        for number in 0..100 {
            let written: Written<u64> = journal.over(&redis).rpush("list", number).await?;
            assert!(written.is_queued());
        }
        assert_eq!(journal.close(std::time::Duration::ZERO).await?, 100);
        let refused = journal.enqueue::<()>(redis::cmd("INCR").arg("n")).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("closed")));
    }
    let journal = place.builder("next process").open(&redis)?;
    assert_eq!(
        (journal.recovered().waiting, journal.recovered().lost),
        (100, 0)
    );
    server.restart()?;
    drained(&journal).await;
    let list: Vec<u64> = redis.get().await?.lrange("list", 0, -1).await?;
    assert_eq!(list, (0..100).collect::<Vec<_>>());
    Ok(())
}
