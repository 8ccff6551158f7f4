//! The events that the people on call see.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, redis_resilient};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(format!(
            "{} {}",
            event.metadata().target(),
            event.metadata().level()
        ));
        event.record(&mut line);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line.0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_from_beginning_to_end() {
    static WATCHED: Breaker = Breaker::new("watched")
        .failure_threshold(2)
        .lump(Duration::ZERO);
    #[redis_resilient(breaker = WATCHED, backoff = "fixed", delay = "70ms", jitter = "none", fallback = Ok("database"))]
    async fn load(up: bool) -> RedisResult<&'static str> {
        if up {
            return Ok("redis");
        }
        Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::ConnectionRefused,
        )))
    }
    #[redis_resilient(
        name = "user store",
        breaker = false,
        retries = 1,
        backoff = "none",
        idempotent = true
    )]
    async fn named() -> RedisResult<()> {
        Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::BrokenPipe,
        )))
    }

    let recorder = Recorder::default();
    let _guard =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(recorder.clone()));
    assert_eq!(load(true).await.ok(), Some("redis"));
    assert_eq!(
        recorder.lines(),
        [""; 0],
        "nothing to say while Redis is well"
    );
    assert_eq!(load(false).await.ok(), Some("database"));
    tokio::time::advance(Duration::from_millis(1101)).await;
    assert_eq!(load(true).await.ok(), Some("redis"));
    assert!(named().await.is_err());

    let lines = recorder.lines();
    let expected = [
        "redis_resilient WARN message=attempt failed, will retry function=\"events::load\" attempt=1 class=\"unreachable\" delay=70ms breaker=\"watched\"",
        "redis_resilient ERROR message=circuit opened breaker=\"watched\" delay=",
        "redis_resilient DEBUG message=attempt failed, will not retry function=\"events::load\" attempt=2 class=\"unreachable\" breaker=\"watched\"",
        "redis_resilient DEBUG message=using the fallback function=\"events::load\" breaker=\"watched\"",
        "redis_resilient WARN message=circuit half-open, probing breaker=\"watched\"",
        "redis_resilient INFO message=circuit closed breaker=\"watched\"",
        "redis_resilient WARN message=attempt failed, will retry function=\"user store\" attempt=1 class=\"ambiguous\" delay=0ns",
        "redis_resilient DEBUG message=attempt failed, will not retry function=\"user store\" attempt=2 class=\"ambiguous\"",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(
            line.starts_with(expected),
            "expected {expected}\n     got {line}"
        );
    }
}
