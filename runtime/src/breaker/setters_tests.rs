use std::panic::catch_unwind;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const MS: Duration = Duration::from_millis(1);

/// Whether the setting is refused: when it is compiled, in a `static`.
fn refused(set: fn(Breaker) -> Breaker) -> bool {
    catch_unwind(|| set(Breaker::new("b"))).is_err()
}

#[test]
fn settings_at_the_edge_are_taken() {
    for set in [
        (|b| b.failure_threshold(1)) as fn(Breaker) -> Breaker,
        |b| b.failure_threshold(65_535),
        |b| b.failure_threshold_of(1, 1),
        |b| b.failure_threshold_of(24, 24),
        |b| b.failure_rate(1, 1, Duration::from_millis(1)),
        |b| b.failure_rate(100, 2_000, 8 * MINUTE),
        |b| b.failure_rate_of_calls(1, 1, 1),
        |b| b.failure_rate_of_calls(100, 1_024, u32::MAX),
        |b| b.failure_rate_of_time(1, Duration::from_millis(10), 1),
        |b| b.failure_rate_of_time(100, 24 * 60 * MINUTE, u32::MAX),
        |b| b.reset_timeout(MINUTE).reset_timeout_max(MINUTE),
        |b| b.reset_timeout_max(MINUTE).reset_timeout(MINUTE),
        |b| b.half_open_permits(1).half_open_permits(63),
        |b| b.success_threshold(1).success_threshold(63),
        |b| b.success_threshold_of(1, 63).success_threshold_of(63, 63),
        |b| b.probe_lease(Duration::MAX).burst_window(Duration::ZERO),
        |b| {
            b.half_open_failure_rate(1, 1)
                .half_open_failure_rate(100, 63)
        },
        |b| b.half_open_timeout(Duration::from_nanos(1)),
        |b| b.half_open_timeout(Duration::MAX),
        |b| b.failure_rate_of_calls(50, 10, 1).slow_call_rate(1, MS),
        |b| {
            b.failure_rate_of_time(50, MINUTE, 1)
                .slow_call_rate(100, Duration::MAX)
        },
    ] {
        assert!(!refused(set));
    }
}

#[test]
fn settings_beyond_the_edge_are_refused() {
    for (index, set) in [
        (|b| b.failure_threshold(0)) as fn(Breaker) -> Breaker,
        |b| b.failure_threshold(65_536),
        |b| b.failure_threshold_of(0, 1),
        |b| b.failure_threshold_of(2, 1),
        |b| b.failure_threshold_of(0, 0),
        |b| b.failure_threshold_of(1, 25),
        |b| b.failure_rate(0, 1, MINUTE),
        |b| b.failure_rate(101, 1, MINUTE),
        |b| b.failure_rate(50, 0, MINUTE),
        |b| b.failure_rate(50, 2_001, MINUTE),
        |b| b.failure_rate(50, 1, Duration::ZERO),
        |b| b.failure_rate(50, 1, 9 * MINUTE),
        |b| b.failure_rate_of_calls(0, 10, 1),
        |b| b.failure_rate_of_calls(101, 10, 1),
        |b| b.failure_rate_of_calls(50, 0, 1),
        |b| b.failure_rate_of_calls(50, 1_025, 1),
        |b| b.failure_rate_of_calls(50, 10, 0),
        |b| b.failure_rate_of_time(0, MINUTE, 1),
        |b| b.failure_rate_of_time(101, MINUTE, 1),
        |b| b.failure_rate_of_time(50, MINUTE, 0),
        |b| b.failure_rate_of_time(50, Duration::from_millis(9), 1),
        |b| b.failure_rate_of_time(50, Duration::MAX, 1),
        |b| b.reset_timeout(Duration::ZERO),
        |b| b.reset_timeout_max(Duration::ZERO),
        |b| b.reset_timeout(2 * MINUTE).reset_timeout_max(MINUTE),
        |b| b.reset_timeout_max(MINUTE).reset_timeout(2 * MINUTE),
        |b| b.half_open_permits(0),
        |b| b.half_open_permits(64),
        |b| b.success_threshold(0),
        |b| b.success_threshold(64),
        |b| b.success_threshold_of(0, 1),
        |b| b.success_threshold_of(2, 1),
        |b| b.success_threshold_of(1, 64),
        |b| b.probe_lease(Duration::ZERO),
        |b| b.half_open_failure_rate(0, 1),
        |b| b.half_open_failure_rate(101, 1),
        |b| b.half_open_failure_rate(50, 0),
        |b| b.half_open_failure_rate(50, 64),
        |b| b.half_open_timeout(Duration::ZERO),
        |b| b.slow_call_rate(50, MINUTE),
        |b| b.failure_rate(50, 1, MINUTE).slow_call_rate(50, MINUTE),
        |b| b.failure_rate_of_calls(50, 10, 1).slow_call_rate(0, MINUTE),
        |b| {
            b.failure_rate_of_calls(50, 10, 1)
                .slow_call_rate(101, MINUTE)
        },
        |b| {
            b.failure_rate_of_calls(50, 10, 1)
                .slow_call_rate(50, MS / 2)
        },
        |b| {
            b.failure_rate_of_calls(50, 10, 1)
                .slow_call_rate(50, MS)
                .failure_threshold(2)
        },
    ]
    .into_iter()
    .enumerate()
    {
        assert!(refused(set), "case {index}");
    }
}

#[test]
fn the_last_rule_holds() {
    let breaker = Breaker::new("b")
        .failure_rate_of_calls(50, 10, 1)
        .failure_threshold(2)
        .burst_window(Duration::ZERO);
    breaker.try_acquire().expect("closed").failure();
    breaker.try_acquire().expect("one is not enough").failure();
    assert!(breaker.try_acquire().is_err());
}
