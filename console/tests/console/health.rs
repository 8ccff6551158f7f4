//! Health agrees with what a real command meets.

use std::time::{Duration, Instant};

use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::console::{Access, Checks, Console, HealthPolicy};
use redis_resilient_testkit::RealRedis;
use tokio::time::timeout;

use crate::http::{get, open, read_until};
use crate::support::{Served, TestResult, until};

const WITHIN: Duration = Duration::from_millis(500);

async fn write(redis: &Connector) -> RedisResult<()> {
    let mut connection = redis.get().await?;
    redis::cmd("SET")
        .arg("health")
        .arg(1)
        .arg("EX")
        .arg(10)
        .exec_async(&mut connection)
        .await
}

/// O17: in each of these states, and when it is over, `/readyz` says what a write of the application's own says.
#[tokio::test]
async fn readiness_is_what_a_real_write_meets_and_turns_green_again() -> TestResult {
    let redis = RealRedis::start()?;
    let connector = Connector::open(redis.url().as_str())?;
    let checked = connector.clone();
    let checks = Checks::new().add("write", WITHIN, move || {
        let redis = checked.clone();
        async move { write(&redis).await }
    });
    let console = Console::new(Access::read_only())
        .policy(HealthPolicy::new().required("write"))
        .checks(checks);
    let served = Served::console(&console).await;
    let agree = async |expected: bool, what: &str| {
        until(what, async || {
            let begun = Instant::now();
            let ready = get(served.at, "/readyz").await.expect("an answer");
            // A second for each of both would be much.
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "{what}: {:?}",
                begun.elapsed()
            );
            let works = matches!(timeout(WITHIN, write(&connector)).await, Ok(Ok(())));
            works == expected && (ready.status == 200) == works
        })
        .await;
    };
    let order = |command: &str, arguments: &[&str]| -> RedisResult<()> {
        let mut connection = redis::Client::open(redis.url())?.get_connection()?;
        redis::cmd(command).arg(arguments).exec(&mut connection)
    };
    agree(true, "it is well").await;

    order("REPLICAOF", &["127.0.0.1", "1"])?;
    agree(false, "it takes no writes").await;
    order("REPLICAOF", &["NO", "ONE"])?;
    agree(true, "it takes writes again").await;

    order("CONFIG", &["SET", "maxmemory", "1"])?;
    agree(false, "it is full").await;
    order("CONFIG", &["SET", "maxmemory", "0"])?;
    agree(true, "it has room again").await;

    redis.freeze();
    agree(false, "it is silent").await;
    redis.thaw();
    agree(true, "it speaks again").await;

    redis.kill();
    agree(false, "it is gone").await;
    // Pages that are open are shown it too.
    let mut page = open(served.at, "GET", "/resilience/events", &[], "").await?;
    read_until(&mut page, r#""checks":[{"name":"write","error":""#).await?;
    redis.restart()?;
    agree(true, "it is back").await;

    // One for who is in the way, and none for the application.
    let mut operator = redis::Client::open(redis.url())?.get_connection()?;
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("maxclients")
        .arg(1)
        .exec(&mut operator)?;
    redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .arg("SKIPME")
        .arg("yes")
        .exec(&mut operator)?;
    agree(false, "it lets nobody in").await;
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("maxclients")
        .arg(1_000)
        .exec(&mut operator)?;
    agree(true, "it lets us in again").await;
    Ok(())
}
