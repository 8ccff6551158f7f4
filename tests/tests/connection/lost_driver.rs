//! The task that drives a connection inside redis-rs is lost, or reads what is no reply.

use std::time::Instant;

use redis::AsyncCommands;
use redis_resilient::Class;
use redis_resilient_testkit::{ReplyCut, WireFault};
use tokio::runtime::Builder;

use super::*;

/// What redis-rs has read the wrong way, or waits on for the rest of.
const NO_REPLIES: [&[u8]; 9] = [
    b"*9223372036854775807\r\n:1\r\n",
    b"*4611686018427387904\r\n:1\r\n",
    b"!-1\r\n",
    b"=-1\r\n",
    b"|-1\r\n",
    b"%-1\r\n",
    b"$9223372036854775807\r\nx\r\n",
    b">-1\r\n",
    b"hello\r\n",
];

#[tokio::test]
async fn what_is_no_reply_ends_the_connection() -> TestResult {
    let (_server, proxy) = proxied()?;
    for (count, words) in (1..).zip(NO_REPLIES) {
        let shown = words.escape_ascii();
        let redis = connector(&proxy.url())?;
        let mut own = redis.get().await?;
        let before: u64 = own.incr("n", 1).await?;
        assert_eq!(before, 2 * count - 1, "before {shown}");
        proxy.next_reply(ReplyCut::ReplaceBy(words));
        let begun = Instant::now();
        let answer = own.incr::<_, _, u64>("n", 1).await;
        let took = begun.elapsed();
        let error = answer.expect_err("no reply has come");
        let class = Class::of(&error);
        let is_known = matches!(class, Class::NotIdempotent | Class::Misconfigured);
        assert!(is_known, "{shown}: {class:?}, {error}");
        assert!(took < RESPONSE + SLACK, "{shown}: {took:?}");
        // At the latest after two that were not answered.
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(own.get::<_, u64>("n").await);
        }
        let last = answers.pop().ok_or("three were sent")?;
        assert_eq!(last?, 2 * count, "{shown}: {answers:?}");
    }
    Ok(())
}

/// As when it panics: the task is dropped with all that it has.
#[tokio::test]
async fn a_driver_that_is_gone_is_a_lost_connection() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = Connector::builder(proxy.url())?
        .connect_timeout(10 * SLACK)
        .response_timeout(10 * SLACK)
        .build();
    let elsewhere = Builder::new_multi_thread().enable_all().build()?;
    let other = redis.clone();
    let mut own = elsewhere.spawn(async move { other.get().await }).await??;
    let _: u64 = own.incr("n", 1).await?;
    proxy.set(WireFault::BlackHoleExisting);
    let begun = Instant::now();
    let mut sent = own.clone();
    let repeatable = tokio::spawn(async move { sent.get::<_, u64>("n").await });
    let mut sent = own.clone();
    let other = tokio::spawn(async move { sent.incr::<_, _, u64>("n", 1).await });
    // Until both are under way.
    tokio::time::sleep(MS(50)).await;
    elsewhere.shutdown_background();
    let error = repeatable.await?.expect_err("nobody reads the reply");
    assert_eq!(Class::of(&error), Class::Ambiguous, "{error}");
    let error = other.await?.expect_err("nobody reads the reply");
    assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
    assert_eq!(own.get::<_, u64>("n").await?, 1);
    assert!(begun.elapsed() < 5 * SLACK, "somebody has waited for it");
    Ok(())
}
