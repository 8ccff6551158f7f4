//! A half-open circuit through the attribute: what becomes of its probes, and of calls from before the outage.
//!
//! The breaker's own unit tests have the same cases without the attribute. Time is tokio's paused clock.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Rejection, State, redis_resilient};
use tokio::sync::Barrier;
use tokio::time::advance;

/// Longer than a first open period with the largest jitter.
const OVER: Duration = Duration::from_millis(1101);

fn refused() -> RedisError {
    io::Error::from(io::ErrorKind::ConnectionRefused).into()
}

#[redis_resilient(breaker = breaker, retries = 0)]
async fn fails(breaker: &Breaker) -> RedisResult<()> {
    Err(refused())
}

#[redis_resilient(breaker = breaker, retries = 0)]
async fn succeeds(breaker: &Breaker) -> RedisResult<()> {
    Ok(())
}

async fn half_opened(name: &'static str) -> Arc<Breaker> {
    let breaker = Arc::new(Breaker::new(name).burst_window(Duration::ZERO));
    while breaker.state() == State::Closed {
        assert!(fails(&breaker).await.is_err());
    }
    advance(OVER).await;
    breaker
}

#[tokio::test(start_paused = true)]
async fn one_of_a_hundred_concurrent_callers_is_let_through() {
    #[redis_resilient(breaker = breaker, retries = 0, fallback = Ok("fallback"))]
    async fn get(
        breaker: &Breaker,
        bodies: &AtomicUsize,
        barrier: &Barrier,
    ) -> RedisResult<&'static str> {
        bodies.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(10)).await;
        barrier.wait().await;
        Ok("redis")
    }
    let breaker = half_opened("hundred").await;
    let (bodies, barrier) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(1)));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (breaker, bodies, barrier) = (breaker.clone(), bodies.clone(), barrier.clone());
            tokio::spawn(async move { get(&breaker, &bodies, &barrier).await })
        })
        .collect();
    let mut from_redis = 0;
    for call in calls {
        let answer = call.await.expect("no call panics").expect("no call fails");
        from_redis += usize::from(answer == "redis");
    }
    assert_eq!((bodies.load(Ordering::Relaxed), from_redis), (1, 1));
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_does_not_wedge_the_circuit() {
    #[redis_resilient(breaker = breaker)]
    async fn hangs(breaker: &Breaker) -> RedisResult<()> {
        pending().await
    }
    let breaker = half_opened("dropped").await;
    let cancelled = tokio::time::timeout(Duration::from_millis(5), hangs(&breaker)).await;
    assert!(cancelled.is_err());
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(succeeds(&breaker).await.is_ok());
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_probe_opens_the_circuit_and_does_not_wedge_it() {
    #[redis_resilient(breaker = breaker)]
    async fn panics(breaker: Arc<Breaker>) -> RedisResult<()> {
        std::panic::resume_unwind(Box::new("the body panics"))
    }
    let breaker = half_opened("panicked").await;
    assert!(tokio::spawn(panics(breaker.clone())).await.is_err());
    assert_eq!(breaker.state(), State::Open);
    advance(2 * OVER).await;
    assert!(succeeds(&breaker).await.is_ok());
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_for_ever_does_not_wedge_the_circuit() {
    #[redis_resilient(breaker = breaker, timeout = false)]
    async fn hangs(breaker: Arc<Breaker>) -> RedisResult<()> {
        pending().await
    }
    let breaker = half_opened("hung").await;
    let hung = tokio::spawn(hangs(breaker.clone()));
    tokio::task::yield_now().await;
    let refused = succeeds(&breaker)
        .await
        .expect_err("the probe is under way");
    assert!(matches!(
        Rejection::find(&refused),
        Some(Rejection::CircuitOpen { .. })
    ));
    advance(Duration::from_secs(10)).await;
    assert!(succeeds(&breaker).await.is_ok(), "its lease is over");
    assert_eq!(breaker.state(), State::Closed);
    hung.abort();
}

#[tokio::test(start_paused = true)]
async fn a_hung_probe_is_cut_off_by_its_timeout_and_counts_as_a_failure() {
    #[redis_resilient(breaker = breaker, timeout = "200ms", retries = 0)]
    async fn hangs(breaker: &Breaker) -> RedisResult<()> {
        pending().await
    }
    let breaker = half_opened("cut").await;
    let error = hangs(&breaker).await.expect_err("it is cut off");
    assert!(
        matches!(Rejection::find(&error), Some(Rejection::TimedOut { .. })),
        "{error}"
    );
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_late_success_from_before_the_outage_does_not_close_the_circuit() {
    #[redis_resilient(breaker = breaker, timeout = false, retries = 0)]
    async fn slow(breaker: Arc<Breaker>, answers: Arc<tokio::sync::Notify>) -> RedisResult<()> {
        answers.notified().await;
        Ok(())
    }
    let breaker = Arc::new(Breaker::new("late").burst_window(Duration::ZERO));
    let answers = Arc::new(tokio::sync::Notify::new());
    let late = tokio::spawn(slow(breaker.clone(), answers.clone()));
    tokio::task::yield_now().await;
    while breaker.state() == State::Closed {
        assert!(fails(&breaker).await.is_err());
    }
    advance(OVER).await;
    let probe = breaker.try_acquire().expect("the probe");
    answers.notify_one();
    assert!(late.await.expect("no panic").is_ok());
    assert_eq!(breaker.state(), State::HalfOpen);
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn hung_calls_open_the_circuit() {
    #[redis_resilient(breaker = breaker, timeout = "100ms", retries = 0)]
    async fn hangs(breaker: &Breaker) -> RedisResult<()> {
        pending().await
    }
    let breaker = Breaker::new("hangs").burst_window(Duration::ZERO);
    for _ in 0..5 {
        assert!(hangs(&breaker).await.is_err());
    }
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn calls_cancelled_by_their_callers_do_not_open_the_circuit() {
    #[redis_resilient(breaker = breaker)]
    async fn hangs(breaker: &Breaker) -> RedisResult<()> {
        pending().await
    }
    let breaker = Breaker::new("cancelled").burst_window(Duration::ZERO);
    for _ in 0..100 {
        let cancelled = tokio::time::timeout(Duration::from_millis(5), hangs(&breaker)).await;
        assert!(cancelled.is_err());
    }
    assert_eq!(breaker.state(), State::Closed);
}

/// Dropped at every point where it waits: in an attempt, in a pause, in the fallback; as a probe, and on a healthy circuit.
#[tokio::test(start_paused = true)]
async fn a_call_may_be_dropped_wherever_it_waits() {
    struct Counted(Arc<AtomicUsize>);
    impl Counted {
        fn new(alive: &Arc<AtomicUsize>) -> Self {
            alive.fetch_add(1, Ordering::Relaxed);
            Self(alive.clone())
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    async fn slow_database(_: &Breaker, alive: &Arc<AtomicUsize>) -> RedisResult<()> {
        let _counted = Counted::new(alive);
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(())
    }
    #[redis_resilient(
        breaker = breaker, retries = 2, backoff = "fixed", delay = "100ms", jitter = "none", timeout = "100ms",
        fallback = slow_database
    )]
    async fn get(breaker: &Breaker, alive: &Arc<AtomicUsize>) -> RedisResult<()> {
        let _counted = Counted::new(alive);
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(refused())
    }
    let alive = Arc::new(AtomicUsize::new(0));
    // Three attempts of 50 ms, two pauses of 100 ms, and the fallback.
    for after_ms in (0..500).step_by(7) {
        let probed = half_opened("probed").await;
        let healthy = Arc::new(Breaker::new("healthy").failure_threshold(1000));
        for breaker in [probed, healthy] {
            let _ =
                tokio::time::timeout(Duration::from_millis(after_ms), get(&breaker, &alive)).await;
            assert_eq!(
                alive.load(Ordering::Relaxed),
                0,
                "dropped after {after_ms} ms"
            );
            advance(3 * OVER).await;
            assert!(
                succeeds(&breaker).await.is_ok(),
                "dropped after {after_ms} ms: {breaker:?}"
            );
        }
    }
}

/// The outer function probes, and what it is made of has to be let through for it to succeed.
#[tokio::test(start_paused = true)]
async fn nested_functions_on_one_breaker_close_it_again() {
    #[redis_resilient(breaker = breaker, retries = 0)]
    async fn outer(breaker: &Breaker) -> RedisResult<u8> {
        tokio::task::yield_now().await;
        inner(breaker).await?;
        inner_blocking(breaker)
    }
    #[redis_resilient(breaker = breaker, retries = 0, timeout = false)]
    async fn inner(breaker: &Breaker) -> RedisResult<u8> {
        tokio::task::yield_now().await;
        Ok(1)
    }
    #[redis_resilient(breaker = breaker, retries = 0)]
    fn inner_blocking(breaker: &Breaker) -> RedisResult<u8> {
        Ok(2)
    }
    #[redis_resilient(breaker = breaker, retries = 0)]
    fn outer_blocking(breaker: &Breaker) -> RedisResult<u8> {
        inner_blocking(breaker)
    }
    let breaker = half_opened("nested").await;
    assert_eq!(outer(&breaker).await.ok(), Some(2));
    assert_eq!(breaker.state(), State::Closed);
    let breaker = half_opened("nested, blocking").await;
    assert_eq!(outer_blocking(&breaker).ok(), Some(2));
    assert_eq!(breaker.state(), State::Closed);
}

/// The inner function's fallback is not Redis's answer.
#[tokio::test(start_paused = true)]
async fn a_nested_fallback_does_not_close_the_circuit() {
    #[redis_resilient(breaker = breaker, retries = 0)]
    async fn outer(breaker: &Breaker) -> RedisResult<u8> {
        inner(breaker).await
    }
    #[redis_resilient(breaker = breaker, retries = 0, fallback = Ok(7))]
    async fn inner(breaker: &Breaker) -> RedisResult<u8> {
        Err(refused())
    }
    let breaker = half_opened("nested fallback").await;
    assert_eq!(outer(&breaker).await.ok(), Some(7));
    assert_eq!(breaker.state(), State::Open);
}
