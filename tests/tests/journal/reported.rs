//! What users of such features have reported elsewhere: the rows of `reported-problems.md`, "Queues, journals, consumers", that concern a journal.
//!
//! | row | here |
//! |---|---|
//! | Q1, Q2, Q4, Q5, Q7 | no database is used; `journal/src/file/tests.rs`: the disk is given back though the oldest waits, any byte may be the last, a record belongs to its place |
//! | Q8 | `files::what_is_for_one_redis_does_not_go_to_another` |
//! | Q10 | nothing is asked of Redis before a write is journalled; how long a token is remembered is said where it is made |
//! | Q11 | `outage::what_redis_does_not_take_is_executed_when_it_is_back`, and the clean end below |
//! | Q13 | `unsure::with_a_token_it_is_journalled_and_executed_once`: what was executed already is done |
//! | Q14 | a connection of this crate sends nothing again by itself; `unsure` |
//! | Q16 | `order::sets_of_one_key_are_one_if_that_is_asked_for`, and below with failures in between |
//! | Q17 | entries are told by number, never by what is in them; below |
//! | Q19 | below |
//! | Q20 | numbers are given by the one thread that writes, in the order in which it writes |
//! | Q41 | no order depends on a clock; times to live are of this machine's clock alone |

use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::journal::Written;

use crate::support::{
    Place, TestResult, builder, connector, drained, kill, lasting, on_each_keeper, until,
};

on_each_keeper!(
    a_clean_end_executes_what_waits,
    equal_writes_are_not_taken_for_one,
    refused_writes_do_not_starve_the_others,
);

/// Q11: one write, and the process is ended in good order right after Redis is back.
async fn a_clean_end_executes_what_waits(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("clean end").open(&redis)?;
    kill(&server, &redis).await;
    let mut orders = journal.over(&redis);
    orders.set::<_, _, ()>("k", "v").await?;
    server.restart()?;
    assert_eq!(journal.close(Duration::from_secs(20)).await?, 0);
    assert_eq!(redis.get().await?.get("k").await, Ok("v".to_owned()));
    Ok(())
}

/// Q16: what failed once is not executed in another order.
#[tokio::test]
async fn a_failure_turns_nothing_round() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("turned round").coalesce(true).open(&redis)?;
    let mut admin = redis_resilient_tests::connect(&server.url())?;
    redis::cmd("CONFIG")
        .arg(&["SET", "maxmemory", "1"])
        .exec(&mut admin)?;
    let mut orders = journal.over(&redis);
    for value in ["a", "b"] {
        assert_eq!(orders.set("k", value).await, Ok(Written::<()>::Queued));
    }
    // It is tried meanwhile, and refused.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(orders.set("k", "c").await, Ok(Written::<()>::Queued));
    redis::cmd("CONFIG")
        .arg(&["SET", "maxmemory", "0"])
        .exec(&mut admin)?;
    drained(&journal).await;
    assert_eq!(orders.get("k").await, Ok("c".to_owned()));
    Ok(())
}

/// Q17: a write like one that is under way is another write.
async fn equal_writes_are_not_taken_for_one(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("equal").open(&redis)?;
    for _ in 0..2_000 {
        journal.enqueue::<()>(redis::cmd("INCR").arg("n")).await?;
    }
    drained(&journal).await;
    assert_eq!(redis.get().await?.get("n").await, Ok(2_000));
    Ok(())
}

/// Q19: a whole window of writes that are refused for good, and a good one behind them.
async fn refused_writes_do_not_starve_the_others(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("starved").open(&redis)?;
    redis.get().await?.set::<_, _, ()>("text", 1).await?;
    kill(&server, &redis).await;
    for _ in 0..1_500 {
        journal
            .enqueue::<()>(redis::cmd("RPUSH").arg("text").arg(1))
            .await?;
    }
    journal
        .enqueue::<()>(redis::cmd("SET").arg("good").arg(1))
        .await?;
    server.restart()?;
    until(|| journal.progress().waiting == 0).await;
    assert_eq!(redis.get().await?.get("good").await, Ok(1));
    assert_eq!(journal.progress().dead, 1_500);
    Ok(())
}
