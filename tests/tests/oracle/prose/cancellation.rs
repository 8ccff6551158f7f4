//! Calls that are given up: by the task that made them, or because their time is over.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::RedisResult;
use redis_resilient::{Breaker, State, redis_resilient};
use tokio::task::JoinHandle;
use tokio::time::{advance, sleep};

use super::told::{Part, Told, cut_off, due_for_a_probe, fail, number, refused, retries};
use crate::cases::Case;

#[redis_resilient(breaker = breaker, timeout = false)]
async fn without_answer(breaker: Arc<Breaker>) -> RedisResult<()> {
    pending().await
}

pub(crate) async fn r4j_35_a_cancelled_call_counts_nothing() -> Result<Told, String> {
    let closed = Arc::new(
        Breaker::new("oracle")
            .failure_threshold(3)
            .burst_window(Duration::ZERO),
    );
    // With a failure on record, for a success would clear it.
    fail(&closed);
    cut_off(without_answer(Arc::clone(&closed))).await;
    let recorded = closed.snapshot().failures != 1;

    let half_open = Arc::new(due_for_a_probe().await);
    let mut probe = Box::pin(without_answer(Arc::clone(&half_open)));
    cut_off(&mut probe).await;
    let out = half_open.snapshot().probes;
    drop(probe);
    let returned = half_open
        .try_acquire()
        .is_ok_and(|permit| permit.is_probe());
    Ok(Told::default()
        .holds("the call is the probe", out == 1)
        .saw(1, "recorded", recorded)
        .saw(1, "slot_returned", returned))
}

/// There the trial's goroutine ends without unwinding; here a task is aborted.
pub(crate) async fn gob_14_a_probe_whose_task_ends_gives_its_permit_back() -> Result<Told, String> {
    let breaker = Arc::new(due_for_a_probe().await);
    let task = tokio::spawn(without_answer(Arc::clone(&breaker)));
    tokio::task::yield_now().await;
    let refused = breaker.try_acquire().is_err();
    task.abort();
    let ended = task.await.is_err_and(|end| end.is_cancelled());
    let returned = breaker.try_acquire().is_ok_and(|permit| permit.is_probe());
    if let Ok(probe) = breaker.try_acquire() {
        probe.success();
    }
    Ok(Told::default()
        .holds("the task is the probe, and it is ended", refused && ended)
        .saw(0, "slot_returned", returned)
        .holds(
            "the next probe can close the circuit",
            breaker.state() == State::Closed,
        ))
}

pub(crate) async fn r4j_36_a_timeout_is_one_failure() -> Result<Told, String> {
    const ANSWERS_AFTER: Duration = Duration::from_secs(5);
    #[redis_resilient(breaker = breaker, retries = 0, timeout = "1s")]
    async fn get(breaker: &Breaker, answered: &AtomicU32) -> RedisResult<()> {
        sleep(ANSWERS_AFTER).await;
        answered.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    let breaker = Breaker::new("oracle")
        .failure_threshold(3)
        .burst_window(Duration::ZERO);
    let answered = AtomicU32::new(0);
    let result = get(&breaker, &answered).await;
    let recorded = match breaker.snapshot().failures {
        0 => "nothing",
        1 => "failure",
        _ => "more than one failure",
    };
    // As long as the answer would have taken: it is neither a success, which would clear the failure, nor another failure.
    advance(ANSWERS_AFTER).await;
    Ok(Told::default()
        .holds("the call is cut off", result.is_err())
        .saw(1, "recorded", recorded)
        .holds(
            "the answer is not recorded when it comes",
            breaker.snapshot().failures == 1,
        )
        .holds("nobody waits for the answer", answered.into_inner() == 0))
}

#[redis_resilient(
    breaker = false, timeout = false, retries = retries,
    backoff = "fixed", delay = delay, jitter = "none"
)]
async fn failing(retries: u32, delay: Duration, calls: Arc<AtomicU32>) -> RedisResult<()> {
    calls.fetch_add(1, Ordering::Relaxed);
    Err(refused())
}

async fn ended(task: JoinHandle<RedisResult<()>>) -> &'static str {
    match task.await {
        Err(end) if end.is_cancelled() => "cancelled",
        Err(_) => "panic",
        Ok(result) => super::told::written(&result),
    }
}

pub(crate) async fn rt_41_cancelled_before_it_begins(case: &Case) -> Result<Told, String> {
    let calls = Arc::default();
    let delay = Duration::from_millis(1);
    let task = tokio::spawn(failing(retries(case)?, delay, Arc::clone(&calls)));
    task.abort();
    let end = ended(task).await;
    Ok(Told::default()
        .saw(1, "fn_calls", calls.load(Ordering::Relaxed))
        .saw(1, "final", end))
}

pub(crate) async fn rt_42_cancelled_in_a_pause(case: &Case) -> Result<Told, String> {
    if case.steps[0]["cancel_at"] != "delay 1" {
        return Err("it is not the first pause".to_owned());
    }
    let calls = Arc::default();
    let delay = Duration::from_millis(number(case, Part::Config, "/retry/backoff/base_ms")?);
    let task = tokio::spawn(failing(retries(case)?, delay, Arc::clone(&calls)));
    advance(delay / 2).await;
    let begun = calls.load(Ordering::Relaxed) == 1 && !task.is_finished();
    task.abort();
    let end = ended(task).await;
    advance(delay * 10).await;
    Ok(Told::default()
        .holds("the call is in its first pause", begun)
        .saw(0, "fn_calls", calls.load(Ordering::Relaxed))
        .saw(0, "final", end))
}
