//! Synchronous code.

use std::time::Duration;

use redis::Commands;
use redis_resilient::Class;
use redis_resilient::journal::{Written, is_queued};
use redis_resilient_testkit::{FaultProxy, ReplyCut};

use crate::support::{REMEMBER, Scratch, TestResult, builder, connector, lasting};

fn drained(journal: &redis_resilient::journal::Journal) {
    let begun = std::time::Instant::now();
    while journal.progress().waiting > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it does not come"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_is_the_same_without_a_runtime() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let scratch = Scratch::new();
    let journal = builder("blocking").file(scratch.path()).open(&redis)?;
    let mut orders = journal.over_blocking(&redis);
    assert_eq!(orders.rpush("list", 0), Ok(Written::Done(1_u64)));
    server.kill();
    for number in 1..30 {
        assert_eq!(orders.rpush("list", number), Ok(Written::<u64>::Queued));
    }
    let error = orders.incr::<_, _, u64>("n", 1).expect_err("no value");
    assert!(is_queued(&error), "{error}");
    assert_eq!(
        journal.enqueue_blocking(redis::cmd("INCR").arg("n")),
        Ok(Written::<u64>::Queued)
    );
    let all: (Written<u64>, Written<u64>) = redis::pipe()
        .atomic()
        .incr("n", 3)
        .incr("m", 4)
        .query(&mut orders)?;
    assert!(all.0.is_queued() && all.1.is_queued());
    let each: (Written<()>, Written<u64>) =
        redis::pipe().set("k", 3).incr("m", 4).query(&mut orders)?;
    assert!(each.0.is_queued() && each.1.is_queued());
    let read = orders
        .get::<_, Option<u64>>("n")
        .expect_err("nobody answers");
    assert_eq!(Class::of(&read), Class::Unreachable);
    server.restart()?;
    drained(&journal);
    let list: Vec<u64> = orders.lrange("list", 0, -1)?;
    assert_eq!(list, (0..30).collect::<Vec<_>>());
    assert_eq!(orders.mget(&["n", "m", "k"]), Ok(vec![5, 8, 3]));
    assert_eq!(journal.close_blocking(Duration::from_secs(5))?, 0);
    Ok(())
}

#[test]
fn with_a_token_it_is_executed_once() -> TestResult {
    let server = lasting()?;
    let proxy = FaultProxy::to(server.addr())?;
    let redis = connector(&proxy.url())?;
    let journal = builder("blocking once").open(&redis)?;
    let mut orders = journal.over_blocking(&redis).exactly_once(REMEMBER);
    assert_eq!(orders.incr("n", 1), Ok(Written::Done(1_u64)));
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert_eq!(orders.incr("n", 1), Ok(Written::<u64>::Queued));
    drained(&journal);
    assert_eq!(orders.get("n"), Ok(2));
    let mut plain = journal.over_blocking(&redis);
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let error = plain
        .incr::<_, _, Written<u64>>("n", 1)
        .expect_err("its reply is lost");
    assert_eq!(
        (Class::of(&error), journal.progress().waiting),
        (Class::NotIdempotent, 0)
    );
    Ok(())
}
