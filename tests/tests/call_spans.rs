//! Spans of all calls, which are switched on for the whole process: so these tests have one of their own.
#![allow(
    clippy::unused_async,
    reason = "bodies and fallbacks that are ready at once"
)]

use std::future::{pending, poll_fn};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Policy, logging, redis_resilient};
use redis_resilient_tests::spans::{Seen, Tree};
use tracing::{dispatcher, info, info_span};

fn refused() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

/// What is written down from here on, with all calls in spans.
fn tree() -> (Tree, dispatcher::DefaultGuard) {
    // Beside one for the process, a subscriber of a thread is told of all: `findings/tracing-one-scoped-subscriber.sh`.
    static ONE: Once = Once::new();
    ONE.call_once(|| {
        let _ = dispatcher::set_global_default(Tree::default().dispatch());
    });
    logging::spans_for_all_calls(true);
    let tree = Tree::default();
    let guard = dispatcher::set_default(&tree.dispatch());
    (tree, guard)
}

#[track_caller]
fn only(tree: &Tree) -> Seen {
    let calls = tree.calls();
    let [call] = &calls[..] else {
        panic!("{calls:#?}");
    };
    call.clone()
}

async fn pending_once() {
    let mut polled = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[redis_resilient(name = "waits", retries = 0)]
async fn waits() -> RedisResult<u32> {
    info!("begins");
    pending_once().await;
    info!("goes on");
    Ok(1)
}

#[redis_resilient(name = "at once", breaker = BLOCKING, retries = 0)]
fn at_once(good: bool) -> RedisResult<u32> {
    info!("runs");
    if good { Ok(1) } else { Err(refused()) }
}
static BLOCKING: Breaker = Breaker::new("call spans: blocking").failure_threshold(100);

#[tokio::test]
async fn a_call_that_succeeds_at_once_runs_in_its_span_and_follows_its_caller() {
    let (tree, _default) = tree();
    let handler = info_span!("handler");
    {
        let _inside = handler.enter();
        assert!(at_once(true).is_ok());
    }
    let call = only(&tree);
    assert_eq!(call.parent, Some("handler"));
    call.has(&[
        ("otel.name", "at once"),
        ("otel.kind", "client"),
        ("db.system.name", "redis"),
        ("breaker", "call spans: blocking"),
        ("outcome", "redis"),
    ]);
    assert!(!call.fields.contains_key("error.type"), "{call:#?}");
    assert!(waits().await.is_ok());
    info!("after");
    let calls = tree.calls();
    calls[1].has(&[("otel.name", "waits"), ("outcome", "redis")]);
    assert_eq!(
        tree.events(),
        [
            "handler/redis call: runs",
            "redis call: begins",
            "redis call: goes on",
            ": after"
        ]
    );
}

#[test]
fn how_a_blocking_call_ends_is_in_its_span() {
    #[redis_resilient(
        name = "blocking, retried",
        breaker = false,
        retries = 1,
        backoff = "none"
    )]
    fn retried(attempts: &mut u32) -> RedisResult<()> {
        *attempts += 1;
        if *attempts == 1 {
            Err(refused())
        } else {
            Ok(())
        }
    }
    #[redis_resilient(breaker = FORCED, fallback = Ok(2))]
    fn answered() -> RedisResult<u32> {
        Ok(1)
    }
    #[redis_resilient(breaker = FORCED)]
    fn turned_down() -> RedisResult<u32> {
        Ok(1)
    }
    static FORCED: Breaker = Breaker::new("call spans: forced");

    FORCED.force_open(None);
    let (tree, _default) = tree();
    assert!(at_once(false).is_err());
    assert!(retried(&mut 0).is_ok());
    assert_eq!(answered().ok(), Some(2));
    assert!(turned_down().is_err());
    info!("after");
    assert_eq!(tree.events().pop().as_deref(), Some(": after"));
    let calls = tree.calls();
    let [failed, retried, answered, turned_down] = &calls[..] else {
        panic!("{calls:#?}");
    };
    failed.has(&[
        ("error.type", "unreachable"),
        ("error", "connection refused"),
        ("outcome", "error"),
        ("otel.status_code", "ERROR"),
    ]);
    retried.has(&[("error.type", "unreachable"), ("outcome", "retried")]);
    answered.has(&[("error.type", "rejected"), ("outcome", "fallback")]);
    turned_down.has(&[("error.type", "rejected"), ("outcome", "error")]);
}

#[tokio::test(start_paused = true)]
async fn how_an_async_call_ends_is_in_its_span() {
    #[redis_resilient(
        name = "async, retried",
        breaker = false,
        retries = 1,
        backoff = "none"
    )]
    async fn retried(attempts: &AtomicU32) -> RedisResult<()> {
        match attempts.fetch_add(1, Ordering::Relaxed) {
            0 => Err(refused()),
            _ => Ok(()),
        }
    }
    #[redis_resilient(breaker = FORCED, fallback = async { info!("inside"); Ok(2) })]
    async fn answered() -> RedisResult<u32> {
        Ok(1)
    }
    #[redis_resilient(breaker = FORCED)]
    async fn turned_down() -> RedisResult<u32> {
        Ok(1)
    }
    #[redis_resilient(breaker = false, retries = 0, timeout = "10ms")]
    async fn hangs() -> RedisResult<u32> {
        pending().await
    }
    static FORCED: Breaker = Breaker::new("call spans: forced, async");

    FORCED.force_open(None);
    let (tree, _default) = tree();
    assert!(retried(&AtomicU32::new(0)).await.is_ok());
    assert_eq!(answered().await.ok(), Some(2));
    assert!(turned_down().await.is_err());
    assert!(hangs().await.is_err());
    let dropped = tokio::time::timeout(Duration::from_millis(1), hangs());
    assert!(dropped.await.is_err());
    info!("after");
    let events = tree.events();
    assert_eq!(events.last().map(String::as_str), Some(": after"));
    assert!(
        events.contains(&"redis call: inside".to_owned()),
        "{events:#?}"
    );
    let attempts = events
        .iter()
        .filter(|event| *event == "redis call: attempt failed");
    assert_eq!(attempts.count(), 2, "{events:#?}");
    let calls = tree.calls();
    let [retried, answered, turned_down, hung, dropped] = &calls[..] else {
        panic!("{calls:#?}");
    };
    retried.has(&[("error.type", "unreachable"), ("outcome", "retried")]);
    answered.has(&[("error.type", "rejected"), ("outcome", "fallback")]);
    turned_down.has(&[("error.type", "rejected"), ("outcome", "error")]);
    hung.has(&[("error.type", "ambiguous"), ("outcome", "error")]);
    assert!(!dropped.fields.contains_key("outcome"), "{dropped:#?}");
}

#[tokio::test]
async fn a_policy_and_a_probe_have_one_too() {
    static BREAKER: Breaker = Breaker::new("call spans: probed")
        .failure_threshold(1)
        .reset_timeout(Duration::from_millis(1));
    static POLICY: Policy = Policy::new("call spans: policy")
        .retries(0)
        .breaker(&BREAKER);
    let (tree, _default) = tree();
    let failed: RedisResult<u32> = POLICY.run_blocking(|| Err(refused()));
    assert!(failed.is_err());
    while BREAKER.retry_after() > Duration::ZERO {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let probed: RedisResult<u32> = POLICY.run_blocking(|| {
        info!("probes");
        Ok(1)
    });
    assert!(probed.is_ok());
    let again: RedisResult<u32> = POLICY.run(async || Ok(2)).await;
    assert!(again.is_ok());
    info!("after");
    let events = tree.events();
    assert!(
        events.contains(&"redis call: probes".to_owned()),
        "{events:#?}"
    );
    assert_eq!(events.last().map(String::as_str), Some(": after"));
    let calls = tree.calls();
    let [failed, probed, again] = &calls[..] else {
        panic!("{calls:#?}");
    };
    failed.has(&[("outcome", "error")]);
    probed.has(&[("outcome", "redis")]);
    again.has(&[("outcome", "redis"), ("otel.name", "call spans: policy")]);
}
