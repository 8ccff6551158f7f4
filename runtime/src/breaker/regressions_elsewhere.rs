//! Bugs that other libraries had, and what would find them here.
//!
//! | | what went wrong | where | test |
//! |---|---|---|---|
//! | 1 | a dropped probe keeps its permit | Hystrix#1621, monix#1080, rezilience#521, tower-resilience#382 | `hystrix_1621_dropped_probe` |
//! | 2 | a panicking probe keeps its permit, or poisons a lock | tower-resilience#313, mofa#1070 | `tower_resilience_313_panicking_probe` |
//! | 3 | an outcome that is ignored keeps its permit | resilience4j#544, nora#585 | `resilience4j_544_ignored_outcome` |
//! | 4 | a probe that never returns blocks the circuit for ever | resilience4j#903, #935 | `resilience4j_935_lost_probe` |
//! | 5 | a success from before the outage closes the circuit | Polly#217, denoland/std#7306, recloser, failsafe | `polly_217_stale_success` |
//! | 6 | a late failure opens it again, a late release frees the permit of another call | Hystrix#1853, denoland/std#7306 | `hystrix_1853_stale_failure_and_release` |
//! | 7 | who loses the race for the probe goes as well | resilience4j#674, #1432 | `resilience4j_1432_loser_of_the_race_goes_too` |
//! | 8 | half-open admits everybody | recloser, failsafe, smallrye#319, opossum#119 | `recloser_half_open_admits_all` |
//! | 9 | state and time in two places: open for ever | Hystrix#1806, #2108 | `hystrix_1806_torn_state` |
//! | 10 | a sliding window that does not slide | tower-resilience 0.14 | `tower_resilience_window_does_not_slide` |
//! | 11 | a minimum of calls keeps half-open from deciding | opossum#276, ballerina#9595 | `opossum_276_half_open_never_decides` |
//! | 13 | a call that its caller cancels is a failure | resilience4j#682, brpc#3532 | `resilience4j_682_cancelled_calls` |
//! | 14 | a backoff that overflows panics | tokio-retry#1, tryhard#24, aws-sdk-rust#1133 | `tokio_retry_1_backoff_panics` |
//! | 15 | a backoff that overflows wraps to zero, or beyond the cap | onos-lib-go#127, backrest#618, Polly#1866 | `backrest_618_backoff_wraps` |
//! | 16 | settings at their limits panic, or switch the breaker off | recloser, failsafe | `recloser_extreme_settings` |
//! | 17 | time arithmetic panics after boot, a clock that jumps holds it open | `mio_httpc#9`, kubeflow/mcp-server#222 | `mio_httpc_9_clock_arithmetic` |
//! | 18 | clients retry and probe in step | Polly#245, Brooker 2015 | `polly_245_clients_in_step` |
//!
//! 12 and 19 to 25 need the attribute: `tests/tests/regressions_elsewhere.rs`. 7 and 9 are tried in every interleaving by `loom_tests`, 14 and 15 for
//! arbitrary numbers by `backoff_properties`.

mod closed;
mod half_open;
mod late;
mod numbers;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Opens at the first failure.
fn fragile() -> Breaker {
    Breaker::new("not_redis")
        .burst_window(Duration::ZERO)
        .failure_threshold(1)
}

fn trip(breaker: &Breaker) {
    breaker.try_acquire().expect("closed").failure();
    assert_eq!(breaker.state(), State::Open);
}

/// Goes on to when the circuit lets a probe through.
async fn wait_until_due(breaker: &Breaker) {
    assert_eq!(breaker.state(), State::Open);
    tokio::time::advance(breaker.retry_after()).await;
}
