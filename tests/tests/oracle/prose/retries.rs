//! Retries: what is retried, and how long the pauses are.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::__private::backoff_delay;
use redis_resilient::{Backoff, Class, Classify, Jitter, redis_resilient};
use serde_json::Value;
use tokio::time::{Instant, advance};

use super::told::{Part, Told, number, refused, retries};
use crate::backoff::BackoffConfig;
use crate::cases::{Case, read};

pub(crate) async fn bo_20_a_backoff_saturates(case: &Case) -> Result<Told, String> {
    #[redis_resilient(breaker = false, timeout = false, retries = 1, backoff = backoff)]
    async fn get(backoff: Backoff, calls: Arc<AtomicU32>) -> RedisResult<()> {
        calls.fetch_add(1, Ordering::Relaxed);
        Err(refused())
    }
    const A_YEAR: Duration = Duration::from_secs(365 * 86_400);
    let config: BackoffConfig = read(&case.config["backoff"])?;
    let index = number(case, Part::Step(0), "/retry_index")?;
    let index = u32::try_from(index).map_err(|error| error.to_string())?;
    let delay = backoff_delay(&config.build(), index, Duration::ZERO, 0);
    // And a call makes such a pause, which is longer than the clock can tell.
    let calls = Arc::default();
    let backoff = Backoff::fixed(delay).jitter(Jitter::None);
    let call = tokio::spawn(get(backoff, Arc::clone(&calls)));
    tokio::task::yield_now().await;
    advance(A_YEAR).await;
    let pauses = !call.is_finished() && calls.load(Ordering::Relaxed) == 1;
    call.abort();
    let written = match delay {
        Duration::MAX => "MAX_DURATION (saturates)".to_owned(),
        other => format!("{other:?}"),
    };
    Ok(Told::default()
        .saw(0, "delay", written)
        .holds("a call makes such a pause", pauses))
}

/// A good answer that is not good enough, as an error that a retry may help.
#[derive(Debug, thiserror::Error)]
enum Unwanted {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("it is {0}")]
    Value(&'static str),
}

impl Classify for Unwanted {
    fn class(&self) -> Class {
        match self {
            Self::Redis(error) => Class::of(error),
            Self::Value(_) => Class::Unavailable,
        }
    }
}

pub(crate) async fn rt_44_a_bad_value_is_retried(case: &Case) -> Result<Told, String> {
    #[redis_resilient(
        breaker = false, timeout = false, retries = retries, backoff = "none",
        fallback = |error| match error {
            Unwanted::Value(value) => Ok(value),
            error @ Unwanted::Redis(_) => Err(error),
        }
    )]
    async fn get(
        retries: u32,
        calls: &AtomicU32,
        answer: fn(u32) -> RedisResult<&'static str>,
    ) -> Result<&'static str, Unwanted> {
        match answer(calls.fetch_add(1, Ordering::Relaxed))? {
            "bad" => Err(Unwanted::Value("bad")),
            value => Ok(value),
        }
    }
    if case.config["retry"]["retry_on_result"] != "bad" {
        return Err("another value is retried".to_owned());
    }
    let retries = retries(case)?;
    let calls = AtomicU32::new(0);
    let value = get(retries, &calls, |_| Ok("bad")).await;
    let written = match value {
        Ok(value) => format!("value:{value}"),
        Err(error) => format!("err:{error}"),
    };
    let fails_last = |call| if call == 2 { Err(refused()) } else { Ok("bad") };
    let error = get(retries, &AtomicU32::new(0), fails_last).await;
    let becomes_good = |call| Ok(if call == 1 { "good" } else { "bad" });
    let good = get(retries, &AtomicU32::new(0), becomes_good).await;
    Ok(Told::default()
        .note("a value that is not good enough is an error of the user's, and the fallback makes it a value again")
        .saw(0, "fn_calls", calls.into_inner())
        .saw(0, "final", written)
        .holds(
            "an error of the last attempt comes before a value",
            matches!(error, Err(Unwanted::Redis(_))),
        )
        .holds("a good value ends it", good.is_ok_and(|value| value == "good")))
}

pub(crate) async fn rt_46_each_call_has_its_own_backoff(case: &Case) -> Result<Told, String> {
    #[redis_resilient(breaker = false, timeout = false, retries = retries, backoff = BACKOFF)]
    async fn get(retries: u32, attempts: &Mutex<Vec<Instant>>) -> RedisResult<()> {
        let mut attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.push(Instant::now());
        Err(refused())
    }
    const FIRST: Duration = Duration::from_millis(100);
    const BACKOFF: Backoff = Backoff::exponential(FIRST).jitter(Jitter::None);
    let base_ms = number(case, Part::Config, "/retry/backoff/base_ms")?;
    let calls = number(case, Part::Step(0), "/calls")?;
    if (u128::from(base_ms), calls) != (FIRST.as_millis(), 2) {
        return Err("it is not two calls with this backoff".to_owned());
    }
    let retries = retries(case)?;
    let attempts = [const { Mutex::new(Vec::new()) }; 2];
    // Both begin at the same moment, and each attempt of one is between two of the other.
    let (first, second) = tokio::join!(get(retries, &attempts[0]), get(retries, &attempts[1]),);
    let delays = attempts.map(|attempts| {
        let attempts = attempts
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let pauses = attempts.windows(2).map(|two| (two[1] - two[0]).as_millis());
        let pauses = pauses.map(|pause| u64::try_from(pause).unwrap_or(u64::MAX));
        pauses.collect::<Value>()
    });
    let [one, other] = delays;
    let each = if one == other {
        one
    } else {
        Value::from(vec![one, other])
    };
    Ok(Told::default()
        .holds("both fail", first.is_err() && second.is_err())
        .saw(0, "delays_ms_each", each))
}
