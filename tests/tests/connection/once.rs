//! What is not idempotent, executed once however often it is sent.

mod limits;
mod refusals;
mod replies;

use redis::{AsyncCommands, Cmd, Commands, RedisResult, Value, cmd};
use redis_resilient::connection::{BlockingConnection, Connection, Once};
use redis_resilient::redis_resilient;
use redis_resilient_testkit::ReplyCut;

use super::*;

/// A command as one would type it.
fn typed(line: &str) -> Cmd {
    let mut words = line.split(' ');
    let mut command = cmd(words.next().unwrap_or_default());
    command.arg(words.collect::<Vec<_>>());
    command
}

#[redis_resilient(retries = 3, breaker = false)]
async fn count(redis: &mut Connection, once: &Once) -> RedisResult<i64> {
    once.run(redis, "n", cmd("INCR").arg("n")).await
}

#[redis_resilient(retries = 3, breaker = false)]
fn count_blocking(redis: &mut BlockingConnection, once: &Once) -> RedisResult<i64> {
    once.run_blocking(redis, "n", cmd("INCR").arg("n"))
}

#[tokio::test]
async fn a_lost_reply_is_given_again() -> TestResult {
    let (_server, proxy) = proxied()?;
    let mut redis = connector(&proxy.url())?.get().await?;
    for expected in 1..=5 {
        proxy.next_reply(ReplyCut::CloseAfter(0));
        assert_eq!(count(&mut redis, &Once::new()).await?, expected);
        assert_eq!(redis.get::<_, i64>("n").await?, expected, "executed once");
    }
    Ok(())
}

#[test]
fn a_lost_reply_is_given_again_to_synchronous_code() -> TestResult {
    let (_server, proxy) = proxied()?;
    let mut redis = connector(&proxy.url())?.get_blocking()?;
    for expected in 1..=5 {
        proxy.next_reply(ReplyCut::CloseAfter(0));
        assert_eq!(count_blocking(&mut redis, &Once::new())?, expected);
        assert_eq!(redis.get::<_, i64>("n")?, expected, "executed once");
    }
    Ok(())
}

#[tokio::test]
async fn a_command_that_fails_may_be_sent_again() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = connector(&server.url())?.get().await?;
    redis.set::<_, _, ()>("n", "no number").await?;
    let once = Once::new();
    let mut incr = cmd("INCR");
    incr.arg("n");
    assert!(once.run::<i64>(&mut redis, "n", &incr).await.is_err());
    redis.set::<_, _, ()>("n", 41).await?;
    assert_eq!(once.run::<i64>(&mut redis, "n", &incr).await?, 42);
    Ok(())
}

#[tokio::test]
async fn a_token_is_forgotten_after_its_time() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = connector(&server.url())?.get().await?;
    let once = Once::with_token(7).remember_for(MS(50));
    assert_eq!(count(&mut redis, &once).await?, 1);
    assert_eq!(count(&mut redis, &Once::with_token(7)).await?, 1);
    // Against the server's own clock.
    tokio::time::sleep(MS(100)).await;
    assert_eq!(count(&mut redis, &once).await?, 2);
    Ok(())
}
