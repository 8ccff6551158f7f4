//! A primary is killed or frozen, and another one takes over.

use std::thread;
use std::time::Instant;

use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealSentinel;
use tokio::time::sleep;

use super::*;

fn to_the_primary(sentinels: &RealSentinel) -> RedisResult<Connector> {
    Ok(
        Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?
            .connect_timeout(CONNECT)
            .response_timeout(RESPONSE)
            .build(),
    )
}

#[tokio::test]
async fn a_killed_primary_is_ridden_out_within_a_call() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let mut redis = to_the_primary(&sentinels)?.get().await?;
    write(&mut redis, "k", 1).await?;
    sentinels.kill_primary();
    write(&mut redis, "k", 2).await?;
    assert_eq!(redis.get::<_, u64>("k").await?, 2);
    Ok(())
}

#[test]
fn a_killed_primary_is_ridden_out_by_synchronous_code() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let mut redis = to_the_primary(&sentinels)?.get_blocking()?;
    write_blocking(&mut redis, "k", 1)?;
    sentinels.kill_primary();
    write_blocking(&mut redis, "k", 2)?;
    assert_eq!(redis.get::<_, u64>("k")?, 2);
    Ok(())
}

/// Counts the writes that are acknowledged while a frozen primary wakes up, and compares them with what the new primary has.
#[tokio::test]
async fn no_write_is_lost_on_a_primary_that_wakes_up() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let connector = to_the_primary(&sentinels)?;
    let mut redis = connector.get().await?;
    let mut idle = connector.get().await?;
    write(&mut redis, "k", 0).await?;
    let old = sentinels.freeze_primary();
    // In flight over the switch, and after it.
    let mut acknowledged = 0;
    let (begun, mut end) = (Instant::now(), None);
    while end.is_none_or(|end| Instant::now() < end) {
        if redis.rpush::<_, _, ()>("list", acknowledged).await.is_ok() {
            acknowledged += 1;
        }
        // Not before there is another one: until then it is the primary, and what it acknowledges while it is replaced is lost with any client.
        let has_slept = begun.elapsed() > MS(3500);
        if end.is_none() && has_slept && sentinels.wait_for_failover(old, MS(0)).is_ok() {
            sentinels.server(old).thaw();
            end = Some(Instant::now() + MS(2500));
        }
        assert!(begun.elapsed() < MS(60_000), "no other primary");
        sleep(MS(10)).await;
    }
    assert!(acknowledged > 100, "{acknowledged}");
    // One that has not been used all the time.
    for _ in 0..10 {
        if idle.rpush::<_, _, ()>("list", acknowledged).await.is_ok() {
            acknowledged += 1;
        }
    }
    let new = redis::Client::open(sentinels.primary().url())?;
    let kept: u64 = new.get_connection()?.llen("list")?;
    // One that got no answer may have been executed.
    assert!(
        kept >= acknowledged,
        "{acknowledged} acknowledged, {kept} kept"
    );
    Ok(())
}

/// An application that writes nothing while all this happens, and then does.
#[tokio::test]
async fn a_connection_that_slept_through_a_failover_does_not_write_to_the_old_primary() -> TestResult
{
    let sentinels = RealSentinel::start()?;
    let connector = to_the_primary(&sentinels)?;
    let (mut asynchronous, mut blocking) = (connector.get().await?, connector.get_blocking()?);
    write(&mut asynchronous, "k", 1).await?;
    write_blocking(&mut blocking, "k", 1)?;
    let old = sentinels.freeze_primary();
    sentinels.wait_for_failover(old, MS(10_000))?;
    sentinels.server(old).thaw();
    // At once: it does not know yet that it is no longer the primary.
    asynchronous.set::<_, _, ()>("a", 1).await.ok();
    thread::scope(|scope| {
        scope
            .spawn(|| blocking.set::<_, _, ()>("b", 1).ok())
            .join()
            .ok()
    });
    let mut new = redis::Client::open(sentinels.primary().url())?.get_connection()?;
    for (key, connection) in [("a", "asynchronous"), ("b", "blocking")] {
        let kept: Option<u64> = new.get(key)?;
        assert_eq!(kept, Some(1), "{connection}");
    }
    Ok(())
}

#[tokio::test]
async fn sentinels_that_are_gone_do_no_harm_to_what_is_connected() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let mut redis = to_the_primary(&sentinels)?.get().await?;
    write(&mut redis, "k", 1).await?;
    for sentinel in sentinels.sentinels() {
        sentinel.kill();
    }
    // Longer than it goes without asking them.
    sleep(MS(1200)).await;
    redis.set::<_, _, ()>("k", 2).await?;
    Ok(())
}

#[tokio::test]
async fn one_sentinel_that_stands_still_costs_nothing() -> TestResult {
    let sentinels = RealSentinel::start()?;
    if let Some(first) = sentinels.sentinels().first() {
        first.freeze();
    }
    let begun = Instant::now();
    let mut redis = to_the_primary(&sentinels)?.get().await?;
    redis.set::<_, _, ()>("k", 1).await?;
    assert!(begun.elapsed() < CONNECT + SLACK);
    Ok(())
}
