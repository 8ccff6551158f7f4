//! The kill switch is one for the process, so it has a process of its own.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::RedisResult;
use redis_resilient::{Breaker, State, kill_switch, redis_resilient};

#[tokio::test(start_paused = true)]
async fn engaged_it_leaves_only_the_fallbacks() {
    static SWITCHED: Breaker = Breaker::new("switched")
        .failure_threshold(2)
        .lump(Duration::ZERO);
    static BODIES: AtomicUsize = AtomicUsize::new(0);

    #[redis_resilient(breaker = SWITCHED, retries = 1, backoff = "none", timeout = "100ms", fallback = Ok("fallback"))]
    async fn get(slow: bool) -> RedisResult<&'static str> {
        BODIES.fetch_add(1, Ordering::Relaxed);
        if slow {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return Ok("slow");
        }
        Err(io::Error::from(io::ErrorKind::ConnectionRefused).into())
    }

    kill_switch::engage();
    for _ in 0..10 {
        assert_eq!(get(false).await.ok(), Some("fallback"));
    }
    assert_eq!(BODIES.load(Ordering::Relaxed), 10, "no retries");
    assert_eq!(SWITCHED.state(), State::Closed, "nothing is counted");
    assert_eq!(get(true).await.ok(), Some("slow"), "nothing is cut off");

    kill_switch::release();
    assert_eq!(get(false).await.ok(), Some("fallback"));
    assert_eq!(SWITCHED.state(), State::Open);

    kill_switch::engage();
    let before = BODIES.load(Ordering::Relaxed);
    assert_eq!(get(false).await.ok(), Some("fallback"));
    assert_eq!(
        BODIES.load(Ordering::Relaxed),
        before + 1,
        "an open circuit refuses nothing"
    );
    // Its period is over, but no call is made a probe whose outcome would not be counted.
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(get(false).await.ok(), Some("fallback"));
    assert_eq!(SWITCHED.state(), State::Open);
    kill_switch::release();
}
