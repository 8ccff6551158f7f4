//! What a connection knows of the commands that go over it.

use redis::{AsyncCommands, RedisResult, pipe};
use redis_resilient::connection::Connection;
use redis_resilient::{Class, redis_resilient};
use redis_resilient_testkit::ReplyCut;
use tokio::time::Instant;

use super::*;

#[redis_resilient(retries = 3, breaker = false)]
async fn increment(redis: &mut Connection) -> RedisResult<i64> {
    redis.incr("n", 1).await
}

#[redis_resilient(retries = 3, breaker = false)]
async fn store(redis: &mut Connection) -> RedisResult<()> {
    redis.set("k", "v").await
}

#[redis_resilient(retries = 3, breaker = false, idempotent = true)]
async fn increment_at_least_once(redis: &mut Connection) -> RedisResult<i64> {
    redis.incr("n", 1).await
}

#[redis_resilient(retries = 3, breaker = false, idempotent = false)]
async fn store_at_most_once(redis: &mut Connection) -> RedisResult<()> {
    redis.set("k", "v").await
}

#[tokio::test]
async fn the_command_decides_whether_what_may_have_run_is_run_again() -> TestResult {
    let (server, proxy) = proxied()?;
    let mut redis = connector(&proxy.url())?.get().await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    store(&mut redis).await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let error = increment(&mut redis).await.expect_err("its reply is lost");
    assert_eq!(Class::of(&error), Class::NotIdempotent);
    assert_eq!(redis.get::<_, i64>("n").await?, 1, "executed once");
    drop(server);
    Ok(())
}

#[tokio::test]
async fn the_function_s_own_word_comes_first() -> TestResult {
    let (server, proxy) = proxied()?;
    let mut redis = connector(&proxy.url())?.get().await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert_eq!(increment_at_least_once(&mut redis).await?, 2);
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert!(store_at_most_once(&mut redis).await.is_err());
    drop(server);
    Ok(())
}

#[tokio::test]
async fn what_was_never_sent_is_sent_again_whatever_it_is() -> TestResult {
    let (server, proxy) = proxied()?;
    let mut redis = connector(&proxy.url())?.get().await?;
    assert_eq!(increment(&mut redis).await?, 1);
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert!(redis.get::<_, i64>("n").await.is_err());
    // The connection is known to be gone.
    assert_eq!(increment(&mut redis).await?, 2);
    drop(server);
    Ok(())
}

#[tokio::test]
async fn a_pipeline_is_as_its_worst_part() -> TestResult {
    let (_server, proxy) = proxied()?;
    let mut redis = connector(&proxy.url())?.get().await?;
    let lost = async |pipeline: &redis::Pipeline, redis: &mut Connection| {
        // Connected: the handshake has replies of its own.
        store(redis).await.expect("Redis is there");
        proxy.next_reply(ReplyCut::CloseAfter(0));
        let error = pipeline
            .exec_async(redis)
            .await
            .expect_err("its reply is lost");
        Class::of(&error)
    };
    let reads = pipe().get("a").get("b").clone();
    assert_eq!(lost(&reads, &mut redis).await, Class::Ambiguous);
    let writes = pipe().get("a").incr("b", 1).clone();
    assert_eq!(lost(&writes, &mut redis).await, Class::NotIdempotent);
    let transaction = pipe().atomic().incr("b", 1).clone();
    assert_eq!(lost(&transaction, &mut redis).await, Class::NotIdempotent);
    Ok(())
}

#[tokio::test]
async fn commands_that_wait_are_not_cut_off_and_hold_up_no_other() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    let mut other = redis.get().await?;
    let mut waiting = redis.get().await?;
    let begun = Instant::now();
    let popped = tokio::spawn(async move {
        waiting
            .blpop::<_, Option<(String, String)>>("list", 10.0)
            .await
    });
    // Longer than any command may take that does not wait.
    while begun.elapsed() < 3 * RESPONSE {
        assert_eq!(
            redis::cmd("PING").query_async::<String>(&mut other).await?,
            "PONG"
        );
        tokio::time::sleep(MS(20)).await;
    }
    other.lpush::<_, _, ()>("list", "x").await?;
    assert_eq!(popped.await??, Some(("list".to_owned(), "x".to_owned())));
    Ok(())
}

#[tokio::test]
async fn typed_commands_pipelines_transactions_and_scripts_go_through() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = connector(&format!("{}3", server.url()))?.get().await?;
    redis.set::<_, _, ()>("k", 41).await?;
    assert_eq!(redis.get::<_, i64>("k").await?, 41);
    let (a, b): (i64, i64) = pipe()
        .atomic()
        .incr("k", 1)
        .incr("k", 1)
        .query_async(&mut redis)
        .await?;
    assert_eq!((a, b), (42, 43));
    let script = redis::Script::new("return redis.call('GET', KEYS[1])");
    assert_eq!(script.key("k").invoke_async::<i64>(&mut redis).await?, 43);
    assert_eq!(redis::aio::ConnectionLike::get_db(&redis), 3);
    Ok(())
}
