//! What an operator orders, and what annotated functions do then. The breaker's own unit tests have the same without the attribute.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, BreakerEvent, Rejection, State, redis_resilient};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn refused() -> RedisError {
    io::Error::from(io::ErrorKind::ConnectionRefused).into()
}

/// A Redis that is up or down, and how often it was asked.
#[derive(Default)]
struct Redis {
    up: AtomicBool,
    asked: AtomicUsize,
}

impl Redis {
    fn get(&self) -> RedisResult<&'static str> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.up.load(Ordering::Relaxed) {
            Ok("redis")
        } else {
            Err(refused())
        }
    }

    /// Since this was last asked.
    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }
}

#[redis_resilient(breaker = breaker, retries = 0, fallback = Ok("database"))]
async fn read(breaker: &Breaker, redis: &Redis) -> RedisResult<&'static str> {
    redis.get()
}

#[redis_resilient(breaker = breaker, retries = 0, fallback = Ok("database"))]
fn read_blocking(breaker: &Breaker, redis: &Redis) -> RedisResult<&'static str> {
    redis.get()
}

#[redis_resilient(breaker = breaker, retries = 0)]
async fn read_only(breaker: &Breaker, redis: &Redis) -> RedisResult<&'static str> {
    redis.get()
}

/// What the three functions gave, each asked once, and how often Redis was.
async fn answers(breaker: &Breaker, redis: &Redis) -> (String, usize) {
    redis.asked();
    let last = match read_only(breaker, redis).await {
        Ok(answer) => answer,
        Err(error) => match Rejection::find(&error) {
            Some(Rejection::CircuitOpen { .. }) => "refused",
            Some(_) => "rejected",
            None => "failed",
        },
    };
    let with_fallback = [read(breaker, redis).await, read_blocking(breaker, redis)];
    let [first, second] = with_fallback.map(|answer| answer.unwrap_or("failed"));
    (format!("{first} {second} {last}"), redis.asked())
}

fn breaker() -> Breaker {
    Breaker::new("ordered")
        .failure_threshold(3)
        .burst_window(Duration::ZERO)
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_only_observes_refuses_nobody_and_tells_whom_it_would() {
    let (breaker, redis) = (breaker(), Redis::default());
    let [would_refuse, did_refuse] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let (passing, counted) = (would_refuse.clone(), did_refuse.clone());
    breaker.on_event(move |event| {
        if let BreakerEvent::Refused { passes, .. } = event {
            let count = if *passes { &passing } else { &counted };
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    breaker.observe_only(true);
    let failed = ("database database failed".to_owned(), 3);
    assert_eq!(answers(&breaker, &redis).await, failed);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(would_refuse.load(Ordering::Relaxed), 0);
    assert_eq!(answers(&breaker, &redis).await, failed);
    assert_eq!(would_refuse.load(Ordering::Relaxed), 3);
    redis.up.store(true, Ordering::Relaxed);
    let well = ("redis redis redis".to_owned(), 3);
    assert_eq!(answers(&breaker, &redis).await, well);
    assert_eq!(breaker.state(), State::Open, "its period is not over");
    advance(2 * SECOND).await;
    assert_eq!(answers(&breaker, &redis).await, well);
    assert_eq!(breaker.state(), State::Closed, "a probe was among them");
    breaker.force_open(None);
    assert_eq!(answers(&breaker, &redis).await, well);
    assert_eq!(breaker.state(), State::ForcedOpen);
    assert_eq!(did_refuse.load(Ordering::Relaxed), 0);
    breaker.observe_only(false);
    let kept_out = ("database database refused".to_owned(), 0);
    assert_eq!(answers(&breaker, &redis).await, kept_out);
    assert_eq!(did_refuse.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn orders_are_for_all_functions_until_the_next_one() {
    let (breaker, redis) = (breaker(), Redis::default());
    let kept_out = ("database database refused".to_owned(), 0);
    let failed = ("database database failed".to_owned(), 3);
    breaker.force_closed();
    for _ in 0..3 {
        assert_eq!(answers(&breaker, &redis).await, failed);
    }
    breaker.disable();
    for _ in 0..3 {
        assert_eq!(answers(&breaker, &redis).await, failed);
    }
    breaker.force_open(60 * SECOND);
    assert_eq!(answers(&breaker, &redis).await, kept_out);
    breaker.reset();
    assert_eq!(answers(&breaker, &redis).await, failed);
    assert_eq!(breaker.state(), State::Open, "three failures");
    assert_eq!(answers(&breaker, &redis).await, kept_out);
    breaker.reset();
    redis.up.store(true, Ordering::Relaxed);
    let well = ("redis redis redis".to_owned(), 3);
    assert_eq!(answers(&breaker, &redis).await, well);
}

/// The attempt that is under way counts no more, those after it do.
#[tokio::test(start_paused = true)]
async fn a_reset_between_the_attempts_of_a_call() {
    #[redis_resilient(
        breaker = breaker, retries = 3, backoff = "fixed", delay = "100ms", jitter = "none", timeout = false
    )]
    async fn get(breaker: Arc<Breaker>) -> RedisResult<()> {
        sleep(Duration::from_millis(100)).await;
        Err(refused())
    }
    // Attempts end after 100, 300, 500 and 700 ms, and the third failure would open it.
    for (reset_ms, left) in [(50, 3), (150, 3), (250, 2), (450, 1), (650, 0), (750, 0)] {
        let breaker = Arc::new(breaker());
        let call = tokio::spawn(get(breaker.clone()));
        sleep(Duration::from_millis(reset_ms)).await;
        breaker.reset();
        assert!(call.await.expect("no panic").is_err());
        let seen = breaker.snapshot();
        let opened = left == 3;
        assert_eq!(
            seen.state == State::Open,
            opened,
            "reset after {reset_ms} ms"
        );
        if !opened {
            assert_eq!(seen.failures, left, "reset after {reset_ms} ms");
        }
    }
}

/// A function without a timeout of its own has that of probes, and the circuit waits for it, though the lease is shorter.
#[tokio::test(start_paused = true)]
async fn a_probe_may_take_its_timeout_where_the_lease_is_shorter() {
    #[redis_resilient(breaker = breaker, retries = 0, timeout = false)]
    async fn hangs(breaker: Arc<Breaker>) -> RedisResult<()> {
        pending().await
    }
    let breaker = Arc::new(
        breaker()
            .failure_threshold(1)
            .probe_lease(10 * SECOND)
            .half_open_timeout(30 * SECOND),
    );
    breaker.try_acquire().expect("closed").failure();
    advance(2 * SECOND).await;
    let probe = tokio::spawn(hangs(breaker.clone()));
    sleep(15 * SECOND).await;
    assert!(breaker.try_acquire().is_err(), "it is waited for");
    let cut_off = probe.await.expect("no panic").expect_err("it hangs");
    assert!(
        matches!(Rejection::find(&cut_off), Some(Rejection::TimedOut { .. })),
        "{cut_off}"
    );
    assert_eq!(
        breaker.state(),
        State::Open,
        "a probe that is cut off has failed"
    );
}
