//! Option values that are known only at run time, good and bad: a bad one is a clear error, never a panic.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::{Client, RedisResult};
use redis_resilient::{Backoff, Class, Jitter, Rejection, redis_resilient};
use tokio::time::Instant;

struct Settings {
    retries: u32,
    factor: f64,
    delay: Duration,
    max_delay: Duration,
    timeout: Duration,
    deadline: Duration,
}

const GOOD: Settings = Settings {
    retries: 2,
    factor: 3.0,
    delay: Duration::from_millis(100),
    max_delay: Duration::from_millis(250),
    timeout: Duration::from_millis(500),
    deadline: Duration::from_secs(5),
};

fn refused() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

#[redis_resilient(
    breaker = false, jitter = "none",
    retries = settings.retries, factor = settings.factor, delay = settings.delay, max_delay = settings.max_delay,
    timeout = settings.timeout, deadline = settings.deadline
)]
async fn load(settings: &Settings, attempts: &AtomicUsize) -> RedisResult<()> {
    attempts.fetch_add(1, Ordering::Relaxed);
    Err(refused())
}

#[tokio::test(start_paused = true)]
async fn good_values_are_used() {
    let (begun, attempts) = (Instant::now(), AtomicUsize::new(0));
    assert!(load(&GOOD, &attempts).await.is_err());
    assert_eq!(attempts.into_inner(), 3);
    assert_eq!(begun.elapsed(), Duration::from_millis(100 + 250));
}

#[tokio::test]
async fn bad_values_are_named_and_nothing_is_tried() {
    for (settings, option) in [
        (
            Settings {
                retries: 101,
                ..GOOD
            },
            "retries",
        ),
        (
            Settings {
                factor: f64::NAN,
                ..GOOD
            },
            "factor",
        ),
        (
            Settings {
                factor: f64::INFINITY,
                ..GOOD
            },
            "factor",
        ),
        (
            Settings {
                factor: 0.5,
                ..GOOD
            },
            "factor",
        ),
        (
            Settings {
                delay: Duration::ZERO,
                ..GOOD
            },
            "delay",
        ),
        (
            Settings {
                max_delay: Duration::from_millis(1),
                ..GOOD
            },
            "max_delay",
        ),
        (
            Settings {
                timeout: Duration::ZERO,
                ..GOOD
            },
            "timeout",
        ),
        (
            Settings {
                deadline: Duration::ZERO,
                ..GOOD
            },
            "deadline",
        ),
    ] {
        let attempts = AtomicUsize::new(0);
        let error = load(&settings, &attempts)
            .await
            .expect_err("the value makes no sense");
        let Some(Rejection::Misconfigured { option: named, .. }) = Rejection::find(&error) else {
            panic!("{option}: {error}");
        };
        assert_eq!(*named, option);
        assert!(
            error.to_string().contains("run_time_values::load"),
            "{error}"
        );
        assert_eq!(attempts.into_inner(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backoff_of_one_s_own() {
    const GENTLE: Backoff = Backoff::linear(Duration::from_millis(40)).jitter(Jitter::None);
    #[redis_resilient(breaker = false, backoff = GENTLE)]
    async fn linear() -> RedisResult<()> {
        Err(refused())
    }
    #[redis_resilient(breaker = false, backoff = GENTLE.factor(f64::NAN))]
    async fn broken() -> RedisResult<()> {
        Err(refused())
    }
    let begun = Instant::now();
    assert!(linear().await.is_err());
    assert_eq!(begun.elapsed(), Duration::from_millis(40 + 80 + 120));
    let error = broken().await.expect_err("the factor makes no sense");
    assert!(matches!(
        Rejection::find(&error),
        Some(Rejection::Misconfigured {
            option: "factor",
            ..
        })
    ));
}

#[test]
fn blocking_functions_take_run_time_values_too() {
    #[redis_resilient(breaker = false, retries = retries, backoff = "none")]
    fn load(retries: u32, attempts: &AtomicUsize) -> RedisResult<()> {
        attempts.fetch_add(1, Ordering::Relaxed);
        Err(refused())
    }
    let attempts = AtomicUsize::new(0);
    assert!(load(6, &attempts).is_err());
    assert_eq!(attempts.into_inner(), 7);
    let error = load(u32::MAX, &AtomicUsize::new(0)).expect_err("too many");
    assert!(matches!(
        Rejection::find(&error),
        Some(Rejection::Misconfigured {
            option: "retries",
            ..
        })
    ));
}

#[test]
fn extreme_durations_do_not_panic() {
    #[redis_resilient(breaker = false, retries = 1, delay = delay, deadline = deadline)]
    fn load(delay: Duration, deadline: Duration) -> RedisResult<()> {
        Err(refused())
    }
    assert!(load(Duration::MAX, Duration::from_millis(1)).is_err());
    assert!(load(Duration::from_nanos(1), Duration::MAX).is_err());
}

#[tokio::test]
async fn extreme_timeouts_do_not_panic() {
    #[redis_resilient(breaker = false, timeout = Duration::MAX, deadline = Duration::MAX)]
    async fn load() -> RedisResult<u8> {
        tokio::task::yield_now().await;
        Ok(1)
    }
    assert_eq!(load().await.ok(), Some(1));
}

#[test]
fn a_url_that_does_not_parse_is_an_error_at_once() {
    #[redis_resilient(breaker = false)]
    fn connect(url: &str, attempts: &AtomicUsize) -> RedisResult<redis::Connection> {
        attempts.fetch_add(1, Ordering::Relaxed);
        Client::open(url)?.get_connection()
    }
    let attempts = AtomicUsize::new(0);
    let error = connect("not a url", &attempts)
        .err()
        .expect("it does not parse");
    assert_eq!(Class::of(&error), Class::Misconfigured);
    assert_eq!(attempts.into_inner(), 1, "and it is not tried again");
}
