//! A limit on the calls to Redis: a bulkhead that the body of an annotated function asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Bulkhead, Class, Rejection, State, redis_resilient};
use tokio::time::advance;

use super::told::{Part, Told, number, refused, retries, written};
use crate::cases::Case;
use crate::circuit;

fn place(case: &Case) -> Result<Arc<Bulkhead>, String> {
    let limit = number(case, Part::Config, "/bulkhead/max_concurrent")?;
    let limit = u32::try_from(limit).map_err(|error| error.to_string())?;
    Ok(Arc::new(Bulkhead::new("oracle", limit)))
}

fn delay(case: &Case) -> Result<Duration, String> {
    number(case, Part::Config, "/retry/backoff/base_ms").map(Duration::from_millis)
}

pub(crate) async fn cp_18_a_pause_holds_no_place(case: &Case) -> Result<Told, String> {
    #[redis_resilient(
        breaker = false, timeout = false, retries = retries,
        backoff = "fixed", delay = delay, jitter = "none"
    )]
    async fn get(place: Arc<Bulkhead>, retries: u32, delay: Duration) -> RedisResult<()> {
        let _permit = place.try_acquire()?;
        Err(refused())
    }
    let place = place(case)?;
    let a = tokio::spawn(get(Arc::clone(&place), retries(case)?, delay(case)?));
    tokio::task::yield_now().await;
    let pauses = !a.is_finished();
    let b = place.try_acquire();
    advance(Duration::from_millis(number(case, Part::Step(2), "/ms")?)).await;
    let a = a.await.map_err(|error| error.to_string())?;
    Ok(Told::default()
        .holds("A makes its pause", pauses)
        .saw(1, "admitted", b.is_ok())
        .saw(2, "final_of_A", written(&a)))
}

/// A full bulkhead ends a call, unless the user says that it is worth a retry.
fn patient(error: &RedisError) -> Class {
    match Rejection::find(error) {
        // Retried, and nothing that a breaker would count.
        Some(Rejection::Saturated { .. }) => Class::WriteRefused,
        _ => Class::of(error),
    }
}

pub(crate) async fn cp_19_a_full_bulkhead_can_be_retried(case: &Case) -> Result<Told, String> {
    #[redis_resilient(
        breaker = false, timeout = false, retries = 100, classify = patient,
        backoff = "fixed", delay = delay, jitter = "none"
    )]
    async fn get(place: Arc<Bulkhead>, delay: Duration, calls: Arc<AtomicU32>) -> RedisResult<()> {
        calls.fetch_add(1, Ordering::Relaxed);
        let _permit = place.try_acquire()?;
        Ok(())
    }
    let (place, delay) = (place(case)?, delay(case)?);
    let calls = Arc::default();
    let a = place.try_acquire();
    let b = tokio::spawn(get(Arc::clone(&place), delay, Arc::clone(&calls)));
    tokio::task::yield_now().await;
    let met_full = calls.load(Ordering::Relaxed) == 1 && !b.is_finished();
    advance(delay).await;
    tokio::task::yield_now().await;
    let again = calls.load(Ordering::Relaxed) == 2 && !b.is_finished();
    drop(a);
    let b = b.await.map_err(|error| error.to_string())?;
    Ok(Told::default()
        .note("a full bulkhead is retried where a `classify` says so")
        .holds("B meets a full bulkhead twice", met_full && again)
        .saw(2, "final_of_B", written(&b))
        .holds(
            "B has no further attempt",
            calls.load(Ordering::Relaxed) == 3,
        ))
}

pub(crate) async fn cp_20_a_full_bulkhead_opens_no_circuit(case: &Case) -> Result<Told, String> {
    #[redis_resilient(breaker = breaker, timeout = false, retries = 0)]
    async fn get(breaker: &Breaker, place: &Bulkhead) -> RedisResult<()> {
        let _permit = place.try_acquire()?;
        Err(refused())
    }
    let config: circuit::Config = crate::cases::read(&case.config["breaker"])?;
    let (breaker, place) = (config.build(), place(case)?);
    let held = place.try_acquire();
    let calls = number(case, Part::Step(1), "/repeat")?;
    let mut all_refused = true;
    for _ in 0..calls {
        all_refused &= written(&get(&breaker, &place).await) == "err:bulkhead_full";
    }
    let state = breaker.state();
    drop(held);
    // As many that get as far as Redis.
    for _ in 0..calls {
        all_refused &= written(&get(&breaker, &place).await) == "err";
    }
    let told = match state {
        State::Closed => "closed",
        _ => "open",
    };
    Ok(Told::default()
        .holds("the bulkhead is what refuses", all_refused)
        .saw(1, "state", told)
        .holds(
            "as many failures of Redis open it",
            breaker.state() == State::Open,
        ))
}
