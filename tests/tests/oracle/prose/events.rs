//! What the events of a call tell about it.

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redis_resilient::redis_resilient;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::told::{Told, refused, retries};
use crate::cases::Case;

/// An event about an attempt that has failed.
#[derive(Debug, Default)]
struct Failure {
    message: String,
    attempt: u64,
}

impl Visit for Failure {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "attempt" {
            self.attempt = value;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

/// The last of them.
#[derive(Clone, Debug, Default)]
struct Last(Arc<Mutex<Option<Failure>>>);

impl Last {
    fn take(&self) -> Option<Failure> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.take()
    }
}

impl<S: Subscriber> Layer<S> for Last {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut failure = Failure::default();
        event.record(&mut failure);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(failure);
    }
}

/// By the last event of a call, which is all that it takes.
fn kind(last: Option<Failure>) -> &'static str {
    let Some(Failure { message, attempt }) = last else {
        return "successful_without_retry";
    };
    match (message.as_str(), attempt) {
        ("attempt failed, will retry", _) => "successful_with_retry",
        ("attempt failed, will not retry", 1) => "failed_without_retry",
        ("attempt failed, will not retry", _) => "failed_with_retry",
        _ => "none of the four",
    }
}

pub(crate) async fn rt_45_the_four_kinds_of_a_call(case: &Case) -> Result<Told, String> {
    #[redis_resilient(breaker = false, timeout = false, retries = retries, backoff = "none")]
    async fn get(retries: u32, outcomes: &[&str], calls: &AtomicUsize) -> anyhow::Result<()> {
        let call = calls
            .fetch_add(1, Ordering::Relaxed)
            .min(outcomes.len() - 1);
        match outcomes[call] {
            "ok" => Ok(()),
            "err" => Err(refused().into()),
            other => Err(anyhow::Error::msg(other.to_owned())),
        }
    }
    let retries = retries(case)?;
    let last = Last::default();
    let subscriber = tracing_subscriber::registry().with(last.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut told = Told::default();
    for (at, step) in case.steps.iter().enumerate() {
        let outcomes = step["outcomes"].as_array().ok_or("no outcomes")?;
        let outcomes: Vec<&str> = outcomes.iter().filter_map(Value::as_str).collect();
        let result = get(retries, &outcomes, &AtomicUsize::new(0)).await;
        let kind = kind(last.take());
        told = told
            .holds(
                "the events tell a success from a failure",
                kind.starts_with("successful") == result.is_ok(),
            )
            .saw(at, "kind", kind);
    }
    Ok(told)
}
