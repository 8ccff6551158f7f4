//! Who the application is, asked for in its own code, which fails, panics or takes its time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use redis::{ErrorKind, RedisError};
use redis_resilient::Class;
use redis_resilient::connection::{Credentials, SubscriptionEvent};
use redis_resilient_tests::server_with;

use super::*;

const RIGHT: &str = "the right one";

fn locked() -> Result<RealRedis, Box<dyn std::error::Error>> {
    Ok(server_with(&["--requirepass", RIGHT])?)
}

#[expect(clippy::unnecessary_wraps, reason = "as those that fail")]
fn right() -> RedisResult<Credentials> {
    Ok(Credentials::password(RIGHT))
}

/// Of a machine that is busy.
fn patient(url: &str) -> RedisResult<ConnectorBuilder> {
    let time = Duration::from_secs(10);
    Ok(builder(url)?.connect_timeout(time).response_timeout(time))
}

/// Connectors that ask the same in a closure and in a future.
fn asking(
    url: &str,
    ask: impl Fn() -> RedisResult<Credentials> + Clone + Send + Sync + 'static,
) -> RedisResult<[Connector; 2]> {
    let later = ask.clone();
    Ok([
        patient(url)?.credentials(ask).build(),
        patient(url)?
            .credentials_async(move || {
                let ask = later.clone();
                async move {
                    tokio::task::yield_now().await;
                    ask()
                }
            })
            .build(),
    ])
}

/// What asynchronous and synchronous callers get.
async fn both(connector: &Connector) -> Result<[RedisResult<()>; 2], Box<dyn std::error::Error>> {
    let ping = redis::cmd("PING");
    let asynchronous = match connector.get().await {
        Ok(mut redis) => ping.exec_async(&mut redis).await,
        Err(error) => Err(error),
    };
    let connector = connector.clone();
    let blocking = move || ping.exec(&mut connector.get_blocking()?);
    Ok([asynchronous, tokio::task::spawn_blocking(blocking).await?])
}

#[tokio::test]
async fn everything_that_connects_asks_closures_and_futures() -> TestResult {
    let server = locked()?;
    for connector in asking(&server.url(), right)? {
        for answer in both(&connector).await? {
            answer?;
        }
        let mut redis = connector.get().await?;
        let _: Option<(String, String)> = redis.blpop("list", 0.01).await?;
        connector.dedicated().await?.watch("k").await?;
        connector.pubsub().await?.subscribe("news").await?;
        let mut subscription = connector.subscribe("news");
        let event = tokio::time::timeout(MS(10_000), subscription.next()).await?;
        assert!(
            matches!(event, Some(SubscriptionEvent::Subscribed)),
            "{event:?}"
        );
        let too = connector.clone();
        tokio::task::spawn_blocking(move || too.pubsub_blocking().map(drop)).await??;
    }
    Ok(())
}

#[tokio::test]
async fn what_it_fails_with_is_passed_on() -> TestResult {
    let server = locked()?;
    let away = || Err(io::Error::new(io::ErrorKind::TimedOut, "the vault is away").into());
    let wrong = || {
        let what = "the vault does not know us";
        Err(RedisError::from((ErrorKind::AuthenticationFailed, what)))
    };
    for connector in asking(&server.url(), away)? {
        for answer in both(&connector).await? {
            let error = answer.expect_err("there are none");
            assert!(error.to_string().contains("the vault is away"), "{error}");
            assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
        }
    }
    for connector in asking(&server.url(), wrong)? {
        for answer in both(&connector).await? {
            let error = answer.expect_err("there are none");
            assert!(error.to_string().contains("does not know us"), "{error}");
            assert_eq!(Class::of(&error), Class::Misconfigured, "{error}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_panic_there_is_an_error_and_the_next_time_may_be_better() -> TestResult {
    let server = locked()?;
    let asked = Arc::new(AtomicU64::new(0));
    let ask = move || {
        // Of the two connectors, each once for both sides.
        assert!(asked.fetch_add(1, Ordering::SeqCst) >= 4, "on purpose");
        right()
    };
    let connectors = asking(&server.url(), ask)?;
    for connector in &connectors {
        for answer in both(connector).await? {
            let error = answer.expect_err("it panicked");
            assert!(error.to_string().contains("panicked"), "{error}");
            assert_eq!(Class::of(&error), Class::Misconfigured, "{error}");
        }
    }
    tokio::time::sleep(MS(50)).await;
    for connector in &connectors {
        for answer in both(connector).await? {
            answer?;
        }
    }
    Ok(())
}

/// On a runtime with one thread, which goes on meanwhile.
#[tokio::test]
async fn one_that_never_answers_takes_no_more_than_the_time_to_connect() -> TestResult {
    let server = locked()?;
    let stands_still = || {
        std::thread::sleep(Duration::from_secs(60));
        right()
    };
    let connectors = [
        builder(&server.url())?.credentials(stands_still).build(),
        builder(&server.url())?
            .credentials_async(std::future::pending)
            .build(),
    ];
    for connector in connectors {
        let begun = Instant::now();
        let beats = Arc::new(AtomicU64::new(0));
        let count = beats.clone();
        let heart = tokio::spawn(async move {
            loop {
                tokio::time::sleep(MS(10)).await;
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        for answer in both(&connector).await? {
            let error = answer.expect_err("nobody answers");
            assert!(error.to_string().contains("the credentials"), "{error}");
            assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
        }
        assert!(
            begun.elapsed() < CONNECT * 2 + SLACK,
            "{:?}",
            begun.elapsed()
        );
        assert!(beats.load(Ordering::SeqCst) >= 5, "the runtime stood still");
        heart.abort();
    }
    Ok(())
}
