//! Replies that get lost, after their request was executed.

use redis_resilient_testkit::{ReplyCut, WireFault};

use super::*;

/// Far beyond the server's clock, so that each acquisition is one more.
const COUNTER: u64 = 8_000_000_000_000_000;

async fn counter(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.get("{lock}fence:lock").await
}

#[tokio::test]
async fn an_acquisition_whose_reply_is_lost_is_asked_for_again() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    let mut connection = redis.get().await?;
    connection
        .set::<_, _, ()>("{lock}fence:lock", COUNTER)
        .await?;
    for number in COUNTER + 1..COUNTER + 4 {
        proxy.next_reply(ReplyCut::CloseAfter(0));
        let guard = LONG.acquire(&redis, PATIENCE).await?;
        assert_eq!(guard.fencing(), number);
        assert_eq!(counter(&redis).await?, number, "acquired once");
        guard.release().await?;
    }
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let guard = LONG.try_acquire(&redis).await?.ok_or("it is ours")?;
    assert_eq!(guard.fencing(), COUNTER + 4);
    assert_eq!(counter(&redis).await?, COUNTER + 4);
    proxy.next_reply(ReplyCut::CloseAfter(0));
    guard.extend().await?;
    assert!(guard.is_held());
    Ok(())
}

#[tokio::test]
async fn a_release_whose_reply_is_lost_was_one_and_leaves_the_next_alone() -> TestResult {
    let (server, proxy) = proxied()?;
    let (redis, direct) = (patient(&proxy.url())?, patient(&server.url())?);
    for _ in 0..5 {
        let guard = LONG.acquire(&redis, MS(0)).await?;
        proxy.next_reply(ReplyCut::CloseAfter(0));
        let (released, next) = tokio::join!(guard.release(), LONG.acquire(&direct, PATIENCE));
        released?;
        next?.release().await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_acquisition_of_which_nothing_is_known_is_taken_back() -> TestResult {
    let (server, proxy) = proxied()?;
    let (redis, direct) = (patient(&proxy.url())?, patient(&server.url())?);
    redis.get().await?;
    // It is executed, and nothing can be asked after that.
    proxy.set(WireFault::EachReply(ReplyCut::CloseAfter(0)));
    let error = LONG.acquire(&redis, MS(0)).await.expect_err("no reply");
    assert_eq!(Class::of(&error), Class::Ambiguous, "{error}");
    assert!(value(&direct).await?.is_some());
    proxy.pass();
    free(&direct).await
}

#[tokio::test]
async fn a_failure_is_retried_by_an_annotated_function() -> TestResult {
    #[redis_resilient(retries = 2, delay = "1ms", timeout = "60s", breaker = false)]
    async fn annotated(redis: &Connector, proxy: &FaultProxy, calls: &mut u32) -> RedisResult<u64> {
        *calls += 1;
        if *calls == 3 {
            proxy.pass();
        }
        let wait = if *calls < 3 { MS(0) } else { PATIENCE };
        Ok(LONG.acquire(redis, wait).await?.fencing())
    }
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    redis.get().await?;
    proxy.set(WireFault::EachReply(ReplyCut::CloseAfter(0)));
    let mut calls = 0;
    annotated(&redis, &proxy, &mut calls).await?;
    assert_eq!(calls, 3);
    Ok(())
}
