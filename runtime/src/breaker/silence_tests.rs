//! What is long ago is over, after any silence: the state word has room for the low bits of most times only, which are the same again after
//! 17.5 minutes, 70 minutes, 3.1 days; those of a sliding window's buckets of a millisecond after 4.7 hours.

use tokio::time::advance;

use super::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Around each time at which low bits are the same again, once and several times; and between.
fn silences() -> Vec<Duration> {
    let mut silences = vec![1049 * SECOND, 62 * MINUTE, 40 * 86_400 * SECOND];
    for bits in [20, 22, 24, 28] {
        let ring = MS * (1 << bits);
        for times in [1, 2, 5] {
            let around = ring * times;
            silences.extend([around / 2, around]);
            for apart in [MS, 9 * SECOND, 5 * MINUTE] {
                silences.extend([around.saturating_sub(apart), around + apart]);
            }
        }
    }
    silences
}

fn fail(breaker: &Breaker) {
    breaker.try_acquire().expect("closed").failure();
}

#[tokio::test(start_paused = true)]
async fn failures_far_apart_are_not_in_one_window_of_a_rate() {
    for silence in silences() {
        if silence < 8 * MINUTE {
            continue;
        }
        for within in [10 * SECOND, 8 * MINUTE] {
            let breaker = Breaker::new("b").failure_rate(50, 2, within);
            fail(&breaker);
            advance(silence).await;
            assert_eq!(breaker.snapshot().failures, 0, "after {silence:?}");
            fail(&breaker);
            assert_eq!(breaker.state(), State::Closed, "after {silence:?}");
            assert_eq!(breaker.snapshot().failures, 1, "after {silence:?}");
            advance(within.saturating_sub(MS)).await;
            fail(&breaker);
            assert_eq!(breaker.state(), State::Open, "the second in its window");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_long_over_costs_one_success_and_no_more() {
    let breaker = Breaker::new("b").failure_rate(50, 2, 10 * SECOND);
    fail(&breaker);
    advance(1049 * SECOND).await;
    assert!(!breaker.is_quiet());
    breaker.try_acquire().expect("closed").success();
    assert!(breaker.is_quiet(), "it is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_part_of_one_that_is_long_ago() {
    let rules = [
        |breaker: Breaker| breaker.failure_threshold(2),
        |breaker: Breaker| breaker.failure_threshold_of(2, 5),
    ];
    for silence in silences() {
        for rule in rules {
            for burst_window in [20 * MS, 8 * MINUTE] {
                if silence < burst_window {
                    continue;
                }
                let breaker = rule(Breaker::new("b").burst_window(burst_window));
                fail(&breaker);
                advance(silence).await;
                fail(&breaker);
                let text = format!("after {silence:?}, {burst_window:?}: {breaker:?}");
                assert_eq!(breaker.state(), State::Open, "{text}");
            }
        }
    }
}

/// The time of the last failure stays in the word while successes follow it.
#[tokio::test(start_paused = true)]
async fn a_failure_is_not_part_of_one_that_calls_have_followed_for_long() {
    for silence in silences() {
        let breaker = Breaker::new("b")
            .burst_window(8 * MINUTE)
            .failure_threshold_of(2, 24);
        fail(&breaker);
        for _ in 0..10 {
            advance(silence / 10).await;
            breaker.try_acquire().expect("closed").success();
        }
        if silence < 8 * MINUTE {
            continue;
        }
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open, "after {silence:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_probe_is_not_waited_for_after_its_lease() {
    for silence in silences() {
        for lease in [10 * SECOND, 8 * MINUTE] {
            if silence < lease {
                continue;
            }
            let breaker = Breaker::new("b").failure_threshold(1).probe_lease(lease);
            fail(&breaker);
            advance(2 * SECOND).await;
            std::mem::forget(breaker.try_acquire().expect("the probe"));
            advance(silence).await;
            assert_eq!(breaker.retry_after(), Duration::ZERO);
            let probe = breaker.try_acquire();
            assert!(probe.is_ok(), "{lease:?}, after {silence:?}: {breaker:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_slides_forgets_for_good() {
    for silence in silences() {
        for within in [10 * MS, SECOND, 10 * SECOND] {
            if silence < 11 * SECOND {
                continue;
            }
            let breaker = Breaker::new("b").failure_rate_of_time(100, within, 2);
            fail(&breaker);
            advance(silence).await;
            assert_eq!(breaker.snapshot().calls, 0, "{within:?}, after {silence:?}");
            fail(&breaker);
            assert_eq!(breaker.snapshot().calls, 1, "{within:?}, after {silence:?}");
            assert_eq!(breaker.state(), State::Closed);
            fail(&breaker);
            assert_eq!(breaker.state(), State::Open);
        }
    }
}

/// Threads read the clock, and come to settle in another order: a millisecond is no silence.
#[test]
fn a_burst_of_failures_is_one_whichever_thread_comes_first() {
    let breaker = Breaker::new("b").failure_threshold(2);
    let settings = &breaker.settings;
    for (earlier_ms, later_ms) in [(5_000_000, 5_000_001), (5_000_000, 5_000_019)] {
        let mut word = breaker.word();
        for now_ms in [later_ms, earlier_ms, later_ms] {
            if let packed_state::Effect::To(next) =
                word.settle(0, Outcome::Failure, settings, now_ms, 0)
            {
                word = next;
            }
        }
        assert!(word.is_closed(), "{word:?}");
    }
}

/// The same for the longest lease.
#[test]
fn a_probe_is_not_lost_to_a_thread_whose_time_is_a_little_earlier() {
    let breaker = Breaker::new("b").probe_lease(60 * MINUTE);
    let settings = &breaker.settings;
    let open = breaker.word().forced(Order::Open, Some(1_000));
    let packed_state::Answer::Probe(half) = open.admit(settings, 5_001, settings.probe_lease_ms)
    else {
        panic!("its time is over");
    };
    let waits = packed_state::Answer::Reject { retry_after_ms: 0 };
    assert_eq!(half.admit(settings, 5_000, settings.probe_lease_ms), waits);
}
