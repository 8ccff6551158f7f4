//! Who decides, and pipelines.

use redis::{Commands, RedisResult, pipe};
use redis_resilient::connection::{BlockingConnection, Connection, Connector};
use redis_resilient::{Class, redis_resilient};
use redis_resilient_testkit::{FaultProxy, RealRedis, ReplyCut};

use super::TestResult;

#[redis_resilient(retries = 3, backoff = "none", breaker = false)]
async fn add(redis: &mut Connection) -> RedisResult<u64> {
    redis::cmd("SADD")
        .arg("s")
        .arg("a")
        .query_async(redis)
        .await
}

#[redis_resilient(retries = 3, backoff = "none", breaker = false, idempotent = true)]
async fn add_whoever_was_first(redis: &mut Connection) -> RedisResult<u64> {
    redis::cmd("SADD")
        .arg("s")
        .arg("a")
        .query_async(redis)
        .await
}

#[redis_resilient(retries = 3, backoff = "none", breaker = false)]
async fn increment(redis: &mut Connection) -> RedisResult<u64> {
    redis::cmd("INCR").arg("n").query_async(redis).await
}

#[redis_resilient(retries = 3, backoff = "none", breaker = false)]
fn add_blocking(redis: &mut BlockingConnection) -> RedisResult<u64> {
    redis.sadd("s", "a")
}

fn proxied() -> Result<(RealRedis, FaultProxy), Box<dyn std::error::Error>> {
    let server = redis_resilient_tests::server()?;
    let proxy = FaultProxy::to(server.addr())?;
    Ok((server, proxy))
}

async fn connected(redis: &Connector) -> RedisResult<Connection> {
    let mut connection = redis.get().await?;
    redis::cmd("PING").exec_async(&mut connection).await?;
    Ok(connection)
}

#[tokio::test]
async fn who_came_first_is_not_asked_twice_unless_nobody_looks_at_the_answer() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = Connector::open(proxy.url())?;
    let mut own = connected(&redis).await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let error = add(&mut own).await.expect_err("its reply is lost");
    assert_eq!(Class::of(&error), Class::NotIdempotent);

    let mut own = connected(&redis).await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert_eq!(
        add_whoever_was_first(&mut own).await?,
        0,
        "the function says that it may be"
    );

    let careless = Connector::builder(proxy.url())?
        .repeat_same_state(true)
        .build();
    let mut own = connected(&careless).await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert_eq!(add(&mut own).await?, 0);
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let error = increment(&mut own).await.expect_err("never twice");
    assert_eq!(Class::of(&error), Class::NotIdempotent);
    Ok(())
}

#[test]
fn the_switch_holds_in_synchronous_code() -> TestResult {
    let (_server, proxy) = proxied()?;
    for (repeat, expected) in [(false, None), (true, Some(0))] {
        let redis = Connector::builder(proxy.url())?
            .repeat_same_state(repeat)
            .build();
        let mut own = redis.get_blocking()?;
        redis::cmd("PING").exec(&mut own)?;
        proxy.next_reply(ReplyCut::CloseAfter(0));
        assert_eq!(add_blocking(&mut own).ok(), expected);
    }
    Ok(())
}

#[redis_resilient(retries = 3, backoff = "none", breaker = false)]
async fn send(redis: &mut Connection, pipeline: &redis::Pipeline) -> RedisResult<redis::Value> {
    pipeline.query_async(redis).await
}

#[redis_resilient(retries = 3, backoff = "none", breaker = false)]
fn send_blocking(
    redis: &mut BlockingConnection,
    pipeline: &redis::Pipeline,
) -> RedisResult<redis::Value> {
    pipeline.query(redis)
}

/// What is sent together, and whether it is sent again.
fn pipelines() -> Vec<(redis::Pipeline, bool)> {
    let atomic = || pipe().atomic().clone();
    vec![
        (atomic().set("a", 1).get("a").clone(), true),
        (pipe().set("a", 1).get("b").clone(), true),
        (atomic().get("a").get("b").clone(), true),
        // The old value is asked for, and the new one would come.
        (atomic().get("a").set("a", 2).clone(), false),
        (pipe().get("a").set("a", 2).clone(), false),
        (atomic().sadd("s", 1).clone(), false),
        (atomic().incr("n", 1).get("a").clone(), false),
    ]
}

#[tokio::test]
async fn a_pipeline_that_reads_what_it_changes_is_not_sent_again() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = Connector::open(proxy.url())?;
    for (pipeline, is_repeated) in pipelines() {
        let mut own = connected(&redis).await?;
        proxy.next_reply(ReplyCut::CloseAfter(0));
        let answer = send(&mut own, &pipeline).await;
        assert_eq!(answer.is_ok(), is_repeated, "{pipeline:?}: {answer:?}");
    }
    Ok(())
}

#[test]
fn a_pipeline_that_reads_what_it_changes_is_not_sent_again_in_synchronous_code() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = Connector::open(proxy.url())?;
    for (pipeline, is_repeated) in pipelines() {
        let mut own = redis.get_blocking()?;
        redis::cmd("PING").exec(&mut own)?;
        proxy.next_reply(ReplyCut::CloseAfter(0));
        let answer = send_blocking(&mut own, &pipeline);
        assert_eq!(answer.is_ok(), is_repeated, "{pipeline:?}: {answer:?}");
    }
    Ok(())
}
