//! Subscriptions on several runtimes, on runtimes that stand still or end, and on none.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use futures_util::StreamExt as _;
use redis_resilient_tests::server;
use tokio::runtime::{Builder, Runtime};

use super::*;

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn shared(server: &RealRedis) -> RedisResult<Connector> {
    Ok(Connector::builder(server.url())?
        .response_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .build())
}

/// The runtime of whoever came first is not driven any more.
#[test]
fn one_on_another_runtime_does_not_wait_for_the_first() -> TestResult {
    let server = server()?;
    let redis = shared(&server)?;
    let (first, second) = (runtime()?, runtime()?);
    let mut on_first = redis.subscribe("news");
    first.block_on(is_subscribed(&mut on_first))?;
    let mut on_second = redis.subscribe("news");
    second.block_on(is_subscribed(&mut on_second))?;
    publish(&server.url(), "one")?;
    second.block_on(brings(&mut on_second, "one"))?;
    // The connection of the second is lost, and comes back though the first stands still.
    redis::cmd("CLIENT")
        .arg(&["KILL", "TYPE", "PUBSUB"])
        .exec(&mut connect(&server.url())?)?;
    second.block_on(async {
        is_lost(&mut on_second).await?;
        is_back(&mut on_second).await
    })?;
    publish(&server.url(), "two")?;
    second.block_on(brings(&mut on_second, "two"))?;
    // One moves: what it had not taken, then what comes.
    second.block_on(is_back(&mut on_first))?;
    publish(&server.url(), "three")?;
    for subscription in [&mut on_first, &mut on_second] {
        second.block_on(brings(subscription, "three"))?;
    }
    Ok(())
}

#[test]
fn one_whose_runtime_has_ended_goes_on_on_another() -> TestResult {
    let server = server()?;
    let redis = shared(&server)?;
    let mut subscription = redis.subscribe("news");
    for round in 0..5 {
        let runtime = runtime()?;
        runtime.block_on(async {
            is_subscribed(&mut subscription).await?;
            let text = format!("round {round}");
            publish(&server.url(), &text)?;
            brings(&mut subscription, &text).await
        })?;
    }
    Ok(())
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Whoever waits when the tasks that serve it go with their runtime, wherever it waits.
#[test]
fn whoever_waits_is_woken_when_the_runtime_ends() -> TestResult {
    let server = server()?;
    let redis = shared(&server)?;
    let mut subscription = redis.subscribe("news");
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let first = runtime()?;
    first.block_on(is_subscribed(&mut subscription))?;
    {
        let waker = Waker::from(woken.clone());
        let mut next = pin!(subscription.next());
        assert!(
            next.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    drop(first);
    assert!(woken.0.load(Ordering::SeqCst));
    let second = runtime()?;
    second.block_on(is_subscribed(&mut subscription))?;
    publish(&server.url(), "one")?;
    second.block_on(brings(&mut subscription, "one"))
}

#[test]
fn it_is_dropped_and_changed_anywhere() -> TestResult {
    let server = server()?;
    let redis = shared(&server)?;
    let mut never = redis.subscribe("news");
    never.add("more");
    drop(never);
    let runtime = runtime()?;
    let mut first = redis.subscribe("news");
    let mut second = redis.subscribe("news");
    runtime.block_on(is_subscribed(&mut first))?;
    runtime.block_on(is_subscribed(&mut second))?;
    // Outside of a runtime that lasts, and outside of one that is gone.
    first.add("more");
    first.remove("news");
    drop(first);
    drop(runtime);
    second.add("more");
    second.remove("more");
    drop(second);
    Ok(())
}

/// A future that is held and not polled, at the point where it waits, and one that was dropped there.
#[tokio::test]
async fn one_that_is_not_polled_holds_up_nobody_and_loses_nothing() -> TestResult {
    let server = server()?;
    let redis = shared(&server)?;
    let mut held = redis.subscribe("news");
    let mut other = redis.subscribe("news");
    let mut context = Context::from_waker(Waker::noop());
    {
        // Before it is subscribed.
        let mut next = pin!(held.next());
        assert!(next.as_mut().poll(&mut context).is_pending());
        is_subscribed(&mut other).await?;
        publish(&server.url(), "one")?;
        brings(&mut other, "one").await?;
    }
    is_subscribed(&mut held).await?;
    brings(&mut held, "one").await?;
    for text in ["two", "three"] {
        let mut next = pin!(held.next());
        if text == "two" {
            assert!(next.as_mut().poll(&mut context).is_pending());
        }
        publish(&server.url(), text)?;
        brings(&mut other, text).await?;
    }
    brings(&mut held, "two").await?;
    brings(&mut held, "three").await
}

/// With `StreamExt` in scope, `next` is the same.
#[tokio::test]
async fn it_is_a_stream() -> TestResult {
    let server = server()?;
    let redis = shared(&server)?;
    let mut subscription = redis.subscribe("news");
    while let Some(event) = subscription.next().await {
        match event {
            SubscriptionEvent::Subscribed => {
                for text in ["one", "two", "three"] {
                    publish(&server.url(), text)?;
                }
            }
            SubscriptionEvent::Message(message) => {
                assert_eq!(message.get_payload::<String>()?, "one");
                break;
            }
            other => return Err(format!("{other:?}").into()),
        }
    }
    let texts = subscription.filter_map(|event| async {
        match event {
            SubscriptionEvent::Message(message) => message.get_payload::<String>().ok(),
            _ => None,
        }
    });
    let texts = tokio::time::timeout(PATIENCE, texts.take(2).collect::<Vec<_>>()).await?;
    assert_eq!(texts, ["two", "three"]);
    Ok(())
}
