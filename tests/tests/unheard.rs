//! Where nobody listens, nothing is made of an event. In a process of its own: an observer stays.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis_resilient::{Breaker, Class, Classify, Event, observe, redis_resilient};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

static DISPLAYED: AtomicUsize = AtomicUsize::new(0);
static WATCHED: Breaker = Breaker::new("watched").failure_threshold(1);

#[derive(Debug)]
struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DISPLAYED.fetch_add(1, Ordering::SeqCst);
        f.write_str("it is down")
    }
}

impl std::error::Error for Down {}

impl Classify for Down {
    fn class(&self) -> Class {
        Class::Unreachable
    }
}

#[redis_resilient(breaker = WATCHED, backoff = "none", fallback = Ok(()))]
fn call() -> Result<(), Down> {
    Err(Down)
}

#[redis_resilient(breaker = false, backoff = "none", fallback = Ok(()), classify = |_| Class::Unreachable)]
async fn call_async() -> Result<(), Down> {
    Err(Down)
}

#[tokio::test]
async fn no_text_is_made_unless_somebody_listens() {
    static OTHER: Breaker = Breaker::new("other");
    let call_all = async || {
        WATCHED.reset();
        assert!(call().is_ok() && call().is_ok());
        assert!(call_async().await.is_ok());
        DISPLAYED.swap(0, Ordering::SeqCst)
    };
    assert_eq!(call_all().await, 0, "nobody listens");

    // A level that is not asked for is not made either.
    let errors = tracing_subscriber::registry().with(LevelFilter::ERROR);
    {
        let _guard = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::default());
        assert_eq!(call_all().await, 0, "nobody takes it");
    }
    {
        let _guard = tracing::subscriber::set_default(errors);
        assert!(call_all().await > 0, "a circuit that opens says why");
    }
    assert_eq!(call_all().await, 0, "nobody listens any more");

    // One who listens at another breaker is no reason.
    OTHER.on_event(|_| {});
    assert_eq!(call_all().await, 0, "nobody listens here");

    observe(|_: &Event<'_>| {});
    assert!(call_all().await > 0, "somebody listens");
}
