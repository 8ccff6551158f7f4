//! The span of a call that does not go well.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Policy, redis_resilient};
use redis_resilient_tests::spans::Tree;
use tracing::{Dispatch, dispatcher, info, info_span};

fn refused() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

/// Polls it to its end: each time on a thread of its own, and in the caller's span.
fn poll_on_many_threads<T: Send>(
    dispatch: &Dispatch,
    caller: &tracing::Span,
    mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>,
) -> T {
    loop {
        let polled = std::thread::scope(|scope| {
            let poll = scope.spawn(|| {
                dispatcher::with_default(dispatch, || {
                    let inside = caller.enter();
                    let polled = future
                        .as_mut()
                        .poll(&mut Context::from_waker(Waker::noop()));
                    info!("between polls");
                    drop(inside);
                    polled
                })
            });
            poll.join().expect("a poll panicked")
        });
        if let Poll::Ready(value) = polled {
            return value;
        }
    }
}

/// Pending once.
async fn once() {
    let mut polled = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[test]
fn later_attempts_and_the_fallback_run_in_the_span_wherever_they_are_polled() {
    static BREAKER: Breaker = Breaker::new("wandering").failure_threshold(100);
    #[redis_resilient(name = "wander", breaker = BREAKER, retries = 2, backoff = "none", timeout = false, fallback = instead)]
    async fn wander(fails: u32, at: &std::sync::atomic::AtomicU32) -> RedisResult<u32> {
        let attempt = at.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        info!("attempt {attempt} begins");
        once().await;
        info!("attempt {attempt} goes on");
        if attempt <= fails {
            return Err(refused());
        }
        Ok(attempt)
    }
    async fn instead(_: u32, _: &std::sync::atomic::AtomicU32) -> RedisResult<u32> {
        info!("fallback begins");
        once().await;
        info!("fallback goes on");
        Ok(0)
    }

    for (fails, answer, outcome, attempts) in [
        (0, 1, None, None),
        (1, 2, Some("retried"), None),
        (9, 0, Some("fallback"), Some("3")),
    ] {
        let tree = Tree::default();
        let dispatch = tree.dispatch();
        let at = std::sync::atomic::AtomicU32::new(0);
        let caller = dispatcher::with_default(&dispatch, || info_span!("handler"));
        let got = poll_on_many_threads(&dispatch, &caller, Box::pin(wander(fails, &at)));
        assert_eq!(got.ok(), Some(answer));
        let calls = tree.calls();
        let events = tree.events();
        for event in &events {
            let is_inside = event.starts_with("handler/redis call: ");
            assert!(is_inside || event.starts_with("handler: "), "{event}");
            let of_later = [
                "attempt 2",
                "attempt 3",
                "fallback begins",
                "fallback goes on",
            ];
            let of_call = of_later.iter().any(|what| event.contains(what))
                || event.contains("attempt failed")
                || event.contains("using the fallback");
            assert_eq!(is_inside, of_call, "{event}: {events:#?}");
        }
        let Some(outcome) = outcome else {
            assert_eq!(calls.len(), 0, "it succeeded at once");
            continue;
        };
        let [call] = &calls[..] else {
            panic!("{calls:#?}");
        };
        assert_eq!(call.parent, Some("handler"));
        call.has(&[
            ("otel.name", "wander"),
            ("otel.kind", "client"),
            ("db.system.name", "redis"),
            ("error.type", "unreachable"),
            ("error", "connection refused"),
            ("breaker", "wandering"),
            ("outcome", outcome),
        ]);
        assert_eq!(call.fields.get("attempts").map(String::as_str), attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn what_redis_answered_and_how_the_call_ended_are_fields() {
    #[redis_resilient(breaker = false, retries = 0)]
    async fn loading() -> RedisResult<()> {
        Err(redis::make_extension_error(
            "LOADING".into(),
            Some("wait".into()),
        ))
    }
    #[redis_resilient(breaker = false, retries = 0)]
    fn blocking() -> RedisResult<()> {
        Err(refused())
    }

    let tree = Tree::default();
    let _default = dispatcher::set_default(&tree.dispatch());
    assert!(loading().await.is_err() && blocking().is_err());
    let calls = tree.calls();
    let [one, two] = &calls[..] else {
        panic!("{calls:#?}");
    };
    one.has(&[
        ("db.response.status_code", "LOADING"),
        ("error.type", "unavailable"),
        ("outcome", "error"),
        ("otel.status_code", "ERROR"),
        ("attempts", "1"),
    ]);
    two.has(&[("error.type", "unreachable"), ("outcome", "error")]);
    assert_eq!(one.parent, None);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_circuit_refuses_has_a_span() {
    static OPEN: Breaker = Breaker::new("refusing spans");
    static POLICY: Policy = Policy::new("policy with fallback").breaker(&OPEN);
    #[redis_resilient(breaker = OPEN)]
    async fn bare() -> RedisResult<()> {
        Ok(())
    }
    #[redis_resilient(breaker = OPEN, fallback = async { info!("inside"); Ok(()) })]
    async fn answered() -> RedisResult<()> {
        Ok(())
    }

    OPEN.force_open(None);
    let tree = Tree::default();
    let _default = dispatcher::set_default(&tree.dispatch());
    assert!(bare().await.is_err());
    assert!(answered().await.is_ok());
    let answer = POLICY.run_or(
        async || Err(refused()),
        async |_| {
            info!("inside");
            RedisResult::Ok(())
        },
    );
    assert!(answer.await.is_ok());
    let calls = tree.calls();
    let [first, second, third] = &calls[..] else {
        panic!("{calls:#?}");
    };
    first.has(&[("error.type", "rejected"), ("outcome", "error")]);
    second.has(&[("error.type", "rejected"), ("outcome", "fallback")]);
    third.has(&[
        ("otel.name", "policy with fallback"),
        ("outcome", "fallback"),
    ]);
    let inside = tree
        .events()
        .into_iter()
        .filter(|event| event.ends_with(": inside"));
    assert_eq!(inside.collect::<Vec<_>>(), ["redis call: inside"; 2]);
    info!("after");
    assert_eq!(
        tree.events().pop().as_deref(),
        Some(": after"),
        "nothing is left entered"
    );
}

#[test]
fn blocking_attempts_run_in_the_span_too() {
    static BLOCKING: Breaker = Breaker::new("blocking spans").failure_threshold(100);
    #[redis_resilient(breaker = BLOCKING, retries = 1, backoff = "none")]
    fn second(attempts: &mut u32) -> RedisResult<()> {
        *attempts += 1;
        info!("attempt {attempts}");
        if *attempts == 1 {
            Err(refused())
        } else {
            Ok(())
        }
    }

    let tree = Tree::default();
    let _default = dispatcher::set_default(&tree.dispatch());
    assert!(second(&mut 0).is_ok());
    info!("after");
    let own = tree
        .events()
        .into_iter()
        .filter(|event| !event.contains("failed"));
    assert_eq!(
        own.collect::<Vec<_>>(),
        [": attempt 1", "redis call: attempt 2", ": after"]
    );
    let calls = tree.calls();
    assert_eq!(calls.len(), 1);
    calls[0].has(&[("outcome", "retried")]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_or_panics_leaves_no_span_entered() {
    #[redis_resilient(breaker = false, retries = 3, backoff = "none", timeout = "1s")]
    async fn hangs(attempts: &std::sync::atomic::AtomicU32) -> RedisResult<()> {
        match attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Err(refused()),
            1 => std::future::pending().await,
            _ => panic!("in an attempt"),
        }
    }

    let tree = Tree::default();
    let _default = dispatcher::set_default(&tree.dispatch());
    let attempts = std::sync::atomic::AtomicU32::new(0);
    let call = tokio::time::timeout(Duration::from_millis(100), hangs(&attempts));
    assert!(call.await.is_err(), "cancelled");
    info!("after cancelling");
    attempts.store(0, std::sync::atomic::Ordering::Relaxed);
    let panicked = {
        let call = hangs(&attempts);
        let call = std::panic::AssertUnwindSafe(call);
        futures_util::FutureExt::catch_unwind(call).await
    };
    assert!(panicked.is_err());
    info!("after a panic");
    for event in tree.events() {
        assert!(
            !event.contains("after") || event.starts_with(": "),
            "{event}"
        );
    }
}
