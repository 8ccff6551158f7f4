//! What a closed circuit counts, and what it must not.

use super::*;

/// Failures until it opens, after a long good time.
fn failures_after_ten_thousand_successes(breaker: &Breaker) -> usize {
    const SUCCESSES: usize = if cfg!(miri) { 30 } else { 10_000 };
    for _ in 0..SUCCESSES {
        breaker.try_acquire().expect("closed").success();
    }
    let mut failures = 0;
    while let Ok(permit) = breaker.try_acquire() {
        permit.failure();
        failures += 1;
    }
    failures
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_window_does_not_slide() {
    let breaker = || Breaker::new("not_redis").burst_window(Duration::ZERO);
    for (breaker, failures) in [
        (breaker().failure_threshold(5), 5),
        (breaker().failure_threshold_of(10, 20), 10),
        (breaker().failure_rate(50, 10, 10 * SECOND), 10),
        (breaker().failure_rate_of_calls(50, 20, 10), 10),
    ] {
        assert_eq!(
            failures_after_ten_thousand_successes(&breaker),
            failures,
            "{breaker:?}"
        );
    }
    // A window of time is only past them when their time is.
    let breaker = breaker().failure_rate_of_time(50, 10 * SECOND, 10);
    for _ in 0..30 {
        breaker.try_acquire().expect("closed").success();
    }
    tokio::time::advance(10 * SECOND).await;
    let mut failures = 0;
    while let Ok(permit) = breaker.try_acquire() {
        permit.failure();
        failures += 1;
    }
    assert_eq!(failures, 10);
}

#[tokio::test(start_paused = true)]
async fn resilience4j_682_cancelled_calls() {
    let breaker = fragile();
    for _ in 0..if cfg!(miri) { 10 } else { 1000 } {
        drop(breaker.try_acquire().expect("closed"));
    }
    assert!(breaker.word().is_quiet());
    assert_eq!(breaker.word().generation(), 0);
}
