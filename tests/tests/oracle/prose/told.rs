//! What a test that is written by hand tells, and what such tests share.

use std::future::Future;
use std::task::Poll;

use redis::RedisError;
use redis_resilient::{Breaker, Rejection};
use serde_json::Value;

use crate::cases::Case;
use crate::random;

/// What a test has seen.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// By step and word of the case.
    pub(crate) seen: Vec<(usize, &'static str, Value)>,
    /// What does not hold, of that for which the case has no word.
    pub(crate) wrong: Vec<String>,
    pub(crate) notes: Vec<String>,
}

impl Told {
    /// What was seen at a step under this word.
    pub(crate) fn saw(mut self, at: usize, word: &'static str, value: impl Into<Value>) -> Self {
        self.seen.push((at, word, value.into()));
        self
    }

    /// What has to hold beside that.
    pub(crate) fn holds(mut self, what: &str, holds: bool) -> Self {
        if !holds {
            self.wrong.push(format!("it does not hold that {what}"));
        }
        self
    }

    /// How a user gets what the case is about, where that is not plain.
    pub(crate) fn note(mut self, note: &str) -> Self {
        self.notes.push(note.to_owned());
        self
    }
}

/// A whole number of the case.
pub(crate) fn number(case: &Case, part: Part, path: &str) -> Result<u64, String> {
    let found = match part {
        Part::Config => case.config.pointer(path),
        Part::Step(at) => case.steps.get(at).and_then(|step| step.pointer(path)),
    };
    found
        .and_then(Value::as_u64)
        .ok_or_else(|| format!("no number at {path}"))
}

/// A number of attempts of the case, as the number of retries that it is here.
pub(crate) fn retries(case: &Case) -> Result<u32, String> {
    let attempts = number(case, Part::Config, "/retry/max_attempts")?;
    let retries = attempts.checked_sub(1).ok_or("no attempt at all")?;
    u32::try_from(retries).map_err(|_| format!("{attempts} attempts"))
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Config,
    Step(usize),
}

/// Nobody listens where Redis should be.
pub(crate) fn refused() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

/// How the cases call what came of a call.
pub(crate) fn written<T>(result: &Result<T, RedisError>) -> &'static str {
    let Err(error) = result else {
        return "ok";
    };
    match Rejection::find(error) {
        None => "err",
        Some(Rejection::Saturated { .. }) => "err:bulkhead_full",
        Some(Rejection::CircuitOpen { .. }) => "err:open",
        Some(_) => "err:rejected",
    }
}

/// Lets a call begin, as far as it gets without waiting, and drops it.
pub(crate) async fn cut_off(call: impl Future) {
    let mut call = std::pin::pin!(call);
    std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_ready())).await;
}

/// A call that fails, if it is let in.
pub(crate) fn fail(breaker: &Breaker) {
    random::take_the_middle();
    if let Ok(permit) = breaker.try_acquire() {
        permit.failure();
    }
}

/// A circuit that has opened, and whose open period is over.
pub(crate) async fn due_for_a_probe() -> Breaker {
    let breaker = Breaker::new("oracle").failure_threshold(1);
    fail(&breaker);
    tokio::time::advance(breaker.retry_after()).await;
    breaker
}
