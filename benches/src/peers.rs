//! The peers, each as near to this project's defaults as it goes: 5 failures in a row, open for 1 s, 3 retries with
//! exponential backoff from 50 ms to 1 s with jitter.

#[cfg(feature = "peers-tower")]
pub(crate) mod tower;

use std::sync::LazyLock;
use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder, Retryable};
use failsafe::backoff::Constant;
use failsafe::failure_policy::ConsecutiveFailures;
use failsafe::futures::CircuitBreaker as AsyncFailsafe;
use failsafe::{CircuitBreaker as Failsafe, Config, StateMachine, backoff, failure_policy};
use recloser::{AsyncRecloser, Recloser};

use crate::bodies::{self, Yield, repeat, repeat_async};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn recloser(open_wait: Duration) -> Recloser {
    // A ring of 5 of which all have failed is as near to 5 in a row as it gets.
    Recloser::custom()
        .error_rate(1.0)
        .closed_len(5)
        .half_open_len(1)
        .open_wait(open_wait)
        .build()
}

type Machine = StateMachine<ConsecutiveFailures<Constant>, ()>;

fn failsafe(open_wait: Duration) -> Machine {
    let policy = failure_policy::consecutive_failures(5, backoff::constant(open_wait));
    Config::new().failure_policy(policy).build()
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(SECOND)
        .with_max_times(3)
        .with_jitter()
}

pub(crate) static RECLOSER: LazyLock<Recloser> = LazyLock::new(|| recloser(SECOND));
static RECLOSER_ASYNC: LazyLock<AsyncRecloser> =
    LazyLock::new(|| AsyncRecloser::from(recloser(SECOND)));
static RECLOSER_OPEN: LazyLock<Recloser> = LazyLock::new(|| recloser(HOUR));
static RECLOSER_OPEN_ASYNC: LazyLock<AsyncRecloser> =
    LazyLock::new(|| AsyncRecloser::from(recloser(HOUR)));
pub(crate) static FAILSAFE: LazyLock<Machine> = LazyLock::new(|| failsafe(SECOND));
static FAILSAFE_OPEN: LazyLock<Machine> = LazyLock::new(|| failsafe(HOUR));

pub(crate) fn recloser_sync(calls: u64) {
    let recloser = &*RECLOSER;
    repeat(calls, |n| recloser.call(|| bodies::answer(n)));
}

pub(crate) fn failsafe_sync(calls: u64) {
    let failsafe = &*FAILSAFE;
    repeat(calls, |n| Failsafe::call(failsafe, || bodies::answer(n)));
}

pub(crate) fn backon_sync(calls: u64) {
    repeat(calls, |n| (|| bodies::answer(n)).retry(backoff()).call());
}

pub(crate) fn both_sync(calls: u64) {
    let recloser = &*RECLOSER;
    repeat(calls, |n| {
        (|| recloser.call(|| bodies::answer(n)))
            .retry(backoff())
            .when(|error| matches!(error, recloser::Error::Inner(_)))
            .call()
    });
}

pub(crate) fn recloser_alone(calls: u64) {
    let recloser = &*RECLOSER;
    repeat(calls, |n| recloser.call(|| Ok::<u64, ()>(n)));
}

pub(crate) fn failsafe_alone(calls: u64) {
    let failsafe = &*FAILSAFE;
    repeat(calls, |n| Failsafe::call(failsafe, || Ok::<u64, ()>(n)));
}

pub(crate) fn recloser_ready(calls: u64) {
    let recloser = &*RECLOSER_ASYNC;
    repeat_async(calls, async |n| {
        recloser.call(async { bodies::answer(n) }).await
    });
}

pub(crate) fn failsafe_ready(calls: u64) {
    let failsafe = &*FAILSAFE;
    repeat_async(calls, async |n| {
        AsyncFailsafe::call(failsafe, async { bodies::answer(n) }).await
    });
}

pub(crate) fn backon_ready(calls: u64) {
    repeat_async(calls, async |n| {
        (|| async { bodies::answer(n) }).retry(backoff()).await
    });
}

pub(crate) fn both_ready(calls: u64) {
    let recloser = &*RECLOSER_ASYNC;
    repeat_async(calls, async |n| {
        (|| recloser.call(async { bodies::answer(n) }))
            .retry(backoff())
            .when(|error| matches!(error, recloser::Error::Inner(_)))
            .await
    });
}

async fn waits_once(n: u64) -> redis::RedisResult<u64> {
    Yield::default().await;
    bodies::answer(n)
}

async fn within_a_second(n: u64) -> redis::RedisResult<u64> {
    match tokio::time::timeout(SECOND, waits_once(n)).await {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

pub(crate) fn timeout_pending(calls: u64) {
    repeat_async(calls, within_a_second);
}

pub(crate) fn recloser_pending(calls: u64) {
    let recloser = &*RECLOSER_ASYNC;
    repeat_async(calls, async |n| recloser.call(waits_once(n)).await);
}

pub(crate) fn recloser_timeout_pending(calls: u64) {
    let recloser = &*RECLOSER_ASYNC;
    repeat_async(calls, async |n| recloser.call(within_a_second(n)).await);
}

pub(crate) fn failsafe_pending(calls: u64) {
    let failsafe = &*FAILSAFE;
    repeat_async(calls, async |n| {
        AsyncFailsafe::call(failsafe, waits_once(n)).await
    });
}

pub(crate) fn open_recloser() {
    let asynchronous = &*RECLOSER_OPEN_ASYNC;
    for _ in 0..10 {
        let _ = RECLOSER_OPEN.call(|| Err::<u64, ()>(()));
        repeat_async(1, async |_| {
            asynchronous.call(async { Err::<u64, ()>(()) }).await
        });
    }
}

pub(crate) fn open_failsafe() {
    for _ in 0..10 {
        let _ = Failsafe::call(&*FAILSAFE_OPEN, || Err::<u64, ()>(()));
    }
}

pub(crate) fn recloser_open(calls: u64) {
    let recloser = &*RECLOSER_OPEN;
    repeat(calls, |n| {
        recloser
            .call(|| bodies::answer(n))
            .or_else(|_| bodies::fallback(n))
    });
}

pub(crate) fn failsafe_open(calls: u64) {
    let failsafe = &*FAILSAFE_OPEN;
    repeat(calls, |n| {
        Failsafe::call(failsafe, || bodies::answer(n)).or_else(|_| bodies::fallback(n))
    });
}

pub(crate) fn recloser_open_async(calls: u64) {
    let recloser = &*RECLOSER_OPEN_ASYNC;
    repeat_async(calls, async |n| {
        recloser
            .call(async { bodies::answer(n) })
            .await
            .or_else(|_| bodies::fallback(n))
    });
}

pub(crate) fn failsafe_open_async(calls: u64) {
    let failsafe = &*FAILSAFE_OPEN;
    repeat_async(calls, async |n| {
        AsyncFailsafe::call(failsafe, async { bodies::answer(n) })
            .await
            .or_else(|_| bodies::fallback(n))
    });
}

pub(crate) fn recloser_failing(calls: u64) {
    let recloser = &*RECLOSER;
    repeat(calls, |n| recloser.call(|| bodies::sometimes(n)));
}

pub(crate) fn failsafe_failing(calls: u64) {
    let failsafe = &*FAILSAFE;
    repeat(calls, |n| Failsafe::call(failsafe, || bodies::sometimes(n)));
}
