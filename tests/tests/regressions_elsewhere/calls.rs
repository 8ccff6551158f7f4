//! Those that need no server. Time is tokio's paused clock.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Rejection, State, redis_resilient};
use tokio::time::{Instant, advance, interval, sleep, timeout};

const MS: fn(u64) -> Duration = Duration::from_millis;

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

fn closed() -> Arc<Breaker> {
    Arc::new(Breaker::new("not_redis").burst_window(Duration::ZERO))
}

async fn open() -> Arc<Breaker> {
    let breaker = closed();
    while breaker.state() == State::Closed {
        assert!(fails(&breaker).await.is_err());
    }
    breaker
}

/// A probe is let through next.
async fn due() -> Arc<Breaker> {
    let breaker = open().await;
    advance(breaker.retry_after()).await;
    breaker
}

#[tokio::test(start_paused = true)]
async fn monix_1080_cancelled_probe() {
    #[redis_resilient(breaker = breaker)]
    async fn hangs(breaker: &Breaker) -> RedisResult<()> {
        pending().await
    }
    let breaker = due().await;
    for _ in 0..10 {
        tokio::select! {
            _ = hangs(&breaker) => panic!("it hangs"),
            () = sleep(MS(1)) => {}
        }
        assert_eq!(breaker.snapshot().probes, 0);
    }
    assert!(succeeds(&breaker).await.is_ok());
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn recloser_hung_calls_are_not_seen() {
    #[redis_resilient(breaker = breaker, timeout = "100ms", retries = 0)]
    async fn hangs(breaker: &Breaker) -> RedisResult<()> {
        pending().await
    }
    let breaker = closed();
    for _ in 0..5 {
        let answer = timeout(MS(150), hangs(&breaker)).await;
        let error = answer.expect("cut off before that").expect_err("it hangs");
        assert!(matches!(
            Rejection::find(&error),
            Some(Rejection::TimedOut { .. })
        ));
    }
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn brpc_3532_cancelled_calls_open_the_circuit() {
    #[redis_resilient(breaker = breaker)]
    async fn slow(breaker: &Breaker) -> RedisResult<()> {
        sleep(MS(100)).await;
        Ok(())
    }
    let breaker = closed();
    for _ in 0..1000 {
        assert!(timeout(MS(10), slow(&breaker)).await.is_err());
    }
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.snapshot().failures, 0);
}

#[tokio::test(start_paused = true)]
async fn go_zero_5011_retry_storm() {
    const CALLS: usize = 5_000;
    static NEVER_OPENS: Breaker = Breaker::new("storm").failure_threshold(60_000);
    #[redis_resilient(breaker = NEVER_OPENS, retries = 5, backoff = "fixed", delay = "1ms")]
    async fn get(attempts: &AtomicUsize) -> RedisResult<()> {
        attempts.fetch_add(1, Ordering::Relaxed);
        Err(refused())
    }
    let (attempts, begun) = (AtomicUsize::new(0), Instant::now());
    for _ in 0..CALLS {
        assert!(get(&attempts).await.is_err());
    }
    let retries = attempts.into_inner() - CALLS;
    // A full bucket, a fifth of the calls, and 10 per second.
    let seconds = usize::try_from(begun.elapsed().as_secs()).expect("not that long") + 1;
    let allowed = 100 + CALLS / 5 + 10 * seconds;
    assert!(retries <= allowed, "{retries} of {allowed}");
    assert!(retries > 100, "it is a limit, not a switch");
}

/// A thread that sleeps does not move the paused clock, and nothing else runs meanwhile.
#[tokio::test(start_paused = true)]
async fn langroid_1112_blocking_sleep() {
    #[redis_resilient(
        breaker = false,
        backoff = "fixed",
        delay = "100ms",
        jitter = "none",
        retries = 3
    )]
    async fn get() -> RedisResult<()> {
        Err(refused())
    }
    let beats = Arc::new(AtomicUsize::new(0));
    let heart = tokio::spawn({
        let beats = beats.clone();
        async move {
            let mut interval = interval(MS(10));
            loop {
                interval.tick().await;
                beats.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let begun = Instant::now();
    assert!(get().await.is_err());
    assert_eq!(begun.elapsed().as_millis(), 300);
    let beats = beats.load(Ordering::Relaxed);
    assert!((29..=32).contains(&beats), "{beats} beats in three pauses");
    heart.abort();
}

#[tokio::test(start_paused = true)]
async fn backon_26_retry_bypasses_half_open() {
    #[redis_resilient(breaker = breaker, retries = 5, backoff = "fixed", delay = "1ms")]
    async fn get(breaker: Arc<Breaker>, attempts: Arc<AtomicUsize>) -> RedisResult<()> {
        attempts.fetch_add(1, Ordering::Relaxed);
        sleep(MS(5)).await;
        Err(refused())
    }
    let (breaker, attempts) = (due().await, Arc::new(AtomicUsize::new(0)));
    let calls: Vec<_> = (0..20)
        .map(|_| tokio::spawn(get(breaker.clone(), attempts.clone())))
        .collect();
    for call in calls {
        assert!(call.await.expect("no call panics").is_err());
    }
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_381_inner_is_touched_while_open() {
    #[redis_resilient(breaker = breaker)]
    async fn touch(breaker: &Breaker) -> RedisResult<()> {
        panic!("the body runs")
    }
    #[redis_resilient(breaker = breaker)]
    fn touch_blocking(breaker: &Breaker) -> RedisResult<()> {
        panic!("the body runs")
    }
    #[redis_resilient(breaker = breaker, fallback = Ok(()))]
    async fn touch_or_else(breaker: &Breaker) -> RedisResult<()> {
        panic!("the body runs")
    }
    let breaker = open().await;
    let refused = |error| matches!(Rejection::find(&error), Some(Rejection::CircuitOpen { .. }));
    assert!(
        touch(&breaker)
            .await
            .is_err_and(|error: RedisError| refused(error))
    );
    assert!(touch_blocking(&breaker).is_err_and(|error: RedisError| refused(error)));
    assert!(touch_or_else(&breaker).await.is_ok());
}
