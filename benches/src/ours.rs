//! This project's functions. Each has a breaker of its own: the scenarios bring them into different states.

use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Bulkhead, Policy, Rejection, State, redis_resilient};

use crate::bodies::{self, Yield, repeat, repeat_async};

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) static CLOSED: Breaker = Breaker::new("closed");
static OPEN: Breaker = Breaker::new("open")
    .reset_timeout(HOUR)
    .reset_timeout_max(HOUR);
static HALF_OPEN: Breaker = Breaker::new("half-open")
    .reset_timeout(Duration::from_millis(1))
    .reset_timeout_max(Duration::from_millis(1))
    .probe_lease(HOUR);
static FAILING: Breaker = Breaker::new("failing");
static FAILING_WITHOUT_LUMP: Breaker =
    Breaker::new("failing without burst_window").burst_window(Duration::ZERO);

static POOL: Bulkhead = Bulkhead::new("pool", 64);
static POLICY: Policy = Policy::new("policy").breaker(&CLOSED);

#[redis_resilient(breaker = CLOSED)]
fn happy(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn sync(calls: u64) {
    repeat(calls, happy);
}

#[redis_resilient(breaker = CLOSED, fallback = bodies::fallback)]
fn happy_with_fallback(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn sync_with_fallback(calls: u64) {
    repeat(calls, happy_with_fallback);
}

#[redis_resilient(breaker = false)]
fn happy_without_breaker(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn sync_without_breaker(calls: u64) {
    repeat(calls, happy_without_breaker);
}

#[redis_resilient(breaker = CLOSED, deadline = "2s")]
fn happy_with_deadline(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn sync_with_deadline(calls: u64) {
    repeat(calls, happy_with_deadline);
}

#[redis_resilient(breaker = CLOSED, limit = POOL)]
fn happy_with_limit(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn sync_with_limit(calls: u64) {
    repeat(calls, happy_with_limit);
}

pub(crate) fn policy(calls: u64) {
    repeat(calls, |n| POLICY.run_blocking(|| bodies::answer(n)));
}

pub(crate) fn by_hand(calls: u64) {
    repeat(calls, |n| {
        let permit = CLOSED.try_acquire().map_err(RedisError::from)?;
        let answer = bodies::answer(n)?;
        permit.success();
        Ok::<u64, RedisError>(answer)
    });
}

pub(crate) fn breaker_alone(calls: u64) {
    repeat(calls, |n| {
        CLOSED.try_acquire()?.success();
        Ok::<u64, Rejection>(n)
    });
}

#[redis_resilient(breaker = CLOSED, limit = POOL)]
async fn happy_async_with_limit(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn ready_with_limit(calls: u64) {
    repeat_async(calls, happy_async_with_limit);
}

pub(crate) fn policy_async(calls: u64) {
    repeat_async(calls, async |n| {
        POLICY.run(async || bodies::answer(n)).await
    });
}

#[redis_resilient(breaker = CLOSED)]
async fn happy_async(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn ready(calls: u64) {
    repeat_async(calls, happy_async);
}

#[redis_resilient(breaker = CLOSED, fallback = bodies::fallback)]
async fn happy_async_with_fallback(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn ready_with_fallback(calls: u64) {
    repeat_async(calls, happy_async_with_fallback);
}

#[redis_resilient(breaker = CLOSED, timeout = false)]
async fn happy_async_without_timeout(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn ready_without_timeout(calls: u64) {
    repeat_async(calls, happy_async_without_timeout);
}

#[redis_resilient(breaker = false)]
async fn happy_async_without_breaker(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn ready_without_breaker(calls: u64) {
    repeat_async(calls, happy_async_without_breaker);
}

#[redis_resilient(breaker = false, timeout = false)]
async fn happy_async_without_either(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn ready_without_either(calls: u64) {
    repeat_async(calls, happy_async_without_either);
}

#[redis_resilient(breaker = CLOSED)]
async fn waits_once(n: u64) -> RedisResult<u64> {
    Yield::default().await;
    bodies::answer(n)
}

pub(crate) fn pending(calls: u64) {
    repeat_async(calls, waits_once);
}

#[redis_resilient(breaker = CLOSED, timeout = false)]
async fn waits_once_without_timeout(n: u64) -> RedisResult<u64> {
    Yield::default().await;
    bodies::answer(n)
}

pub(crate) fn pending_without_timeout(calls: u64) {
    repeat_async(calls, waits_once_without_timeout);
}

pub(crate) fn open_it() {
    trip(&OPEN);
}

fn trip(breaker: &Breaker) {
    // Failures at the same time are one, and a circuit may open later than the fifth.
    while breaker.state() == State::Closed {
        if let Ok(permit) = breaker.try_acquire() {
            permit.failure();
        }
        std::thread::sleep(Duration::from_millis(21));
    }
}

#[redis_resilient(breaker = OPEN, fallback = bodies::fallback)]
fn refused(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn open(calls: u64) {
    repeat(calls, refused);
}

#[redis_resilient(breaker = OPEN, fallback = bodies::fallback, fallback_limit = false)]
fn refused_without_limit(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn open_without_limit(calls: u64) {
    repeat(calls, refused_without_limit);
}

pub(crate) fn open_by_hand(calls: u64) {
    repeat(calls, |n| match OPEN.try_acquire() {
        Ok(permit) => {
            permit.success();
            bodies::answer(n)
        }
        Err(_) => bodies::fallback(n),
    });
}

#[redis_resilient(breaker = OPEN, fallback = bodies::fallback)]
async fn refused_async(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn open_async(calls: u64) {
    repeat_async(calls, refused_async);
}

#[redis_resilient(breaker = OPEN, fallback = bodies::fallback, fallback_limit = false)]
async fn refused_async_without_limit(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn open_async_without_limit(calls: u64) {
    repeat_async(calls, refused_async_without_limit);
}

/// Half-open, with a probe under way that never ends.
pub(crate) fn half_open_it() {
    if HALF_OPEN.state() == State::HalfOpen {
        return;
    }
    trip(&HALF_OPEN);
    loop {
        if let Ok(probe) = HALF_OPEN.try_acquire() {
            std::mem::forget(probe);
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[redis_resilient(breaker = HALF_OPEN, fallback = bodies::fallback)]
fn refused_while_probed(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn half_open(calls: u64) {
    repeat(calls, refused_while_probed);
}

#[redis_resilient(breaker = FAILING, retries = 0)]
fn sometimes(n: u64) -> RedisResult<u64> {
    bodies::sometimes(n)
}

pub(crate) fn failing(calls: u64) {
    repeat(calls, sometimes);
}

#[redis_resilient(breaker = FAILING_WITHOUT_LUMP, retries = 0)]
fn sometimes_without_lump(n: u64) -> RedisResult<u64> {
    bodies::sometimes(n)
}

pub(crate) fn failing_without_lump(calls: u64) {
    repeat(calls, sometimes_without_lump);
}

static FAILURE_RATE: Breaker = Breaker::new("rate").failure_rate(50, 10, Duration::from_secs(1));
static RATE_OF_CALLS: Breaker = Breaker::new("of calls").failure_rate_of_calls(50, 100, 10);
static RATE_OF_TIME: Breaker =
    Breaker::new("of time").failure_rate_of_time(50, Duration::from_secs(10), 10);

#[redis_resilient(breaker = FAILURE_RATE)]
fn rated(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn failure_rate(calls: u64) {
    repeat(calls, rated);
}

#[redis_resilient(breaker = RATE_OF_CALLS)]
fn rated_of_calls(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn failure_rate_of_calls(calls: u64) {
    repeat(calls, rated_of_calls);
}

#[redis_resilient(breaker = RATE_OF_TIME)]
fn rated_of_time(n: u64) -> RedisResult<u64> {
    bodies::answer(n)
}

pub(crate) fn failure_rate_of_time(calls: u64) {
    repeat(calls, rated_of_time);
}

/// The size in bytes of an annotated function's future, by what is annotated; the plain function's first.
#[must_use]
pub fn future_sizes() -> Vec<(&'static str, usize)> {
    async fn plain(n: u64) -> RedisResult<u64> {
        Yield::default().await;
        bodies::answer(n)
    }
    vec![
        ("plain", size_of_val(&plain(0))),
        ("#[redis_resilient]", size_of_val(&waits_once(0))),
        (
            "with a fallback",
            size_of_val(&happy_async_with_fallback(0)),
        ),
        (
            "timeout = false",
            size_of_val(&waits_once_without_timeout(0)),
        ),
        (
            "breaker = false, timeout = false",
            size_of_val(&happy_async_without_either(0)),
        ),
    ]
}
