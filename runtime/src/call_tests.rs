use std::time::Duration;

use tokio::time::{Instant, advance};

use super::*;
use crate::{Backoff, Class, Jitter, Permit, State};

const MS: fn(u64) -> Duration = Duration::from_millis;

fn policy() -> Settings {
    Settings::new("app::load").backoff(Backoff::fixed(MS(100)).jitter(Jitter::None))
}

/// What follows from each of these failures, one attempt after the other.
fn steps(policy: &Settings, breaker: Option<&Breaker>, classes: &[Class]) -> Vec<Step> {
    let mut call = Call::new(policy, breaker);
    let mut goes_on = call.begin();
    let step = |class: &Class| {
        assert!(goes_on);
        let step = call.failed((*class).into());
        goes_on = step == Step::Pause && call.begin_again();
        step
    };
    classes.iter().map(step).collect()
}

#[test]
fn three_retries_are_four_attempts() {
    assert_eq!(
        steps(&policy(), None, &[Class::Unreachable; 4]),
        [Step::Pause, Step::Pause, Step::Pause, Step::Fallback]
    );
    assert_eq!(
        steps(&policy().retries(0), None, &[Class::Unreachable]),
        [Step::Fallback]
    );
}

#[test]
fn what_may_have_run_is_not_run_again_unless_idempotent() {
    let once = policy().idempotent(false);
    assert_eq!(steps(&once, None, &[Class::Ambiguous]), [Step::Fallback]);
    assert_eq!(
        steps(
            &once,
            None,
            &[Class::Unreachable, Class::Unavailable, Class::WriteRefused]
        ),
        [Step::Pause; 3]
    );
    assert_eq!(steps(&policy(), None, &[Class::Ambiguous]), [Step::Pause]);
}

#[test]
fn a_permanent_failure_is_the_answer() {
    for class in [Class::Permanent, Class::NotRedis] {
        assert_eq!(
            steps(&policy(), None, &[class]),
            [Step::Return],
            "{class:?}"
        );
    }
    assert_eq!(steps(&policy(), None, &[Class::Rejected]), [Step::Fallback]);
}

#[test]
fn a_fallback_answers_for_wrong_credentials_unless_it_is_for_outages_only() {
    use crate::settings::FallbackOn;
    let wrong = [Class::Misconfigured];
    for policy in [policy(), policy().fallback_on(FallbackOn::Unusable)] {
        assert_eq!(steps(&policy, None, &wrong), [Step::Fallback]);
    }
    let for_outages = policy().fallback_on(FallbackOn::Outage);
    assert_eq!(steps(&for_outages, None, &wrong), [Step::Return]);
    let down = [Class::Unreachable; 4];
    assert_eq!(steps(&for_outages, None, &down)[3], Step::Fallback);
    let breaker = Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(1);
    steps(&policy(), Some(&breaker), &wrong);
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_cut_off_is_not_repeated_where_the_body_shows_a_command_that_must_not_be()
 {
    let cut_off = |policy: &Settings| {
        let mut call = Call::new(policy, None);
        assert!(call.begin());
        call.timed_out();
        call.over().is_none()
    };
    assert!(cut_off(&policy()));
    assert!(!cut_off(&policy().shows_non_idempotent()));
    assert!(!cut_off(&policy().idempotent(false)));
    assert!(cut_off(&policy().idempotent(true)));
    assert_eq!(
        steps(
            &policy().shows_non_idempotent(),
            None,
            &[Class::Ambiguous, Class::NotIdempotent]
        ),
        [Step::Pause, Step::Fallback],
        "what a connection has looked at"
    );
}

#[tokio::test(start_paused = true)]
async fn the_attempt_that_opens_the_circuit_ends_the_call_with_its_own_error() {
    let breaker = Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(2);
    assert_eq!(
        steps(&policy(), Some(&breaker), &[Class::Unreachable; 2]),
        [Step::Pause, Step::Fallback]
    );
    assert_eq!(breaker.state(), State::Open);
    let policy = policy();
    let mut call = Call::new(&policy, Some(&breaker));
    assert!(!call.begin());
    let refused = call.rejection();
    assert!(
        matches!(refused, Rejection::CircuitOpen { breaker: "b", retry_after } if retry_after > MS(800)),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_outlasts_the_open_period_is_made() {
    let breaker = Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(1)
        .reset_timeout(MS(50));
    assert_eq!(
        steps(&policy(), Some(&breaker), &[Class::Unreachable]),
        [Step::Pause]
    );
}

#[test]
fn a_permanent_failure_tells_the_breaker_that_redis_is_there() {
    let breaker = Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(2);
    for _ in 0..5 {
        steps(&policy().retries(0), Some(&breaker), &[Class::Unreachable]);
        steps(&policy(), Some(&breaker), &[Class::Permanent]);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn foreign_failures_say_nothing_to_the_breaker() {
    let breaker = Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(2);
    steps(&policy().retries(0), Some(&breaker), &[Class::Unreachable]);
    for _ in 0..5 {
        steps(&policy(), Some(&breaker), &[Class::NotRedis]);
    }
    steps(&policy().retries(0), Some(&breaker), &[Class::Unreachable]);
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_does_not_fit_in_the_deadline_is_not_begun() {
    let policy = policy().deadline(MS(250));
    let mut call = BlockingCall::new(&policy, None);
    let started = Instant::now();
    let mut fails = || call.failed_since(started, Class::Unreachable.into());
    assert_eq!(fails(), Step::Pause);
    advance(MS(149)).await;
    assert_eq!(fails(), Step::Pause);
    advance(MS(1)).await;
    assert_eq!(fails(), Step::Fallback);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_gets_what_is_left_of_the_deadline() {
    let policy = policy().timeout(MS(200)).deadline(MS(300));
    let mut call = Call::new(&policy, None);
    assert_eq!(call.attempt_limit(Instant::now()), Some(MS(200)));
    advance(MS(180)).await;
    assert_eq!(call.attempt_limit(Instant::now()), Some(MS(120)));
    advance(MS(500)).await;
    assert_eq!(call.attempt_limit(Instant::now()), Some(MS(0)));
    call.timed_out();
    assert_eq!(
        call.rejection(),
        Rejection::DeadlineExceeded {
            function: "app::load",
            deadline: MS(300)
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_timeout_names_itself_when_the_retries_are_used_up() {
    let policy = policy().retries(1).timeout(MS(200));
    let mut call = Call::new(&policy, None);
    call.timed_out();
    assert!(call.begin_again());
    call.timed_out();
    assert_eq!(
        call.rejection(),
        Rejection::TimedOut {
            function: "app::load",
            after: MS(200)
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_in_the_middle_of_an_attempt_gives_its_permit_back() {
    let breaker = Breaker::new("b").failure_threshold(1);
    breaker.try_acquire().expect("closed").failure();
    advance(MS(1101)).await;
    let policy = policy();
    let mut call = Call::new(&policy, Some(&breaker));
    assert!(call.begin());
    assert!(breaker.try_acquire().is_err(), "the call is the probe");
    drop(call);
    assert!(breaker.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_not_begun_when_the_deadline_is_over() {
    let breaker = Breaker::new("b");
    let policy = policy().deadline(MS(300));
    let mut call = Call::new(&policy, Some(&breaker));
    assert!(call.begin());
    assert_eq!(call.failed(Class::Unreachable.into()), Step::Pause);
    advance(MS(301)).await;
    assert!(!call.begin_again());
    assert!(matches!(
        call.rejection(),
        Rejection::DeadlineExceeded { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_failures_leaves_its_calls_their_retries() {
    let breaker = Breaker::new("b");
    let policy = policy();
    let mut calls: Vec<_> = (0..20)
        .map(|_| Call::new(&policy, Some(&breaker)))
        .collect();
    for call in &mut calls {
        assert!(call.begin());
    }
    for call in &mut calls {
        assert_eq!(call.failed(Class::Ambiguous.into()), Step::Pause);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn functions_on_one_breaker_retry_as_much_as_its_budget_allows() {
    let breaker = Breaker::new("b").failure_threshold(1000).retry_budget(0, 1);
    let one = |policy: &Settings| steps(policy, Some(&breaker), &[Class::Unreachable]);
    let (first, second) = (policy(), Settings::new("app::store"));
    for policy in [first, second].iter().cycle().take(10) {
        assert_eq!(one(policy), [Step::Pause]);
    }
    assert_eq!(one(&first), [Step::Fallback]);
    assert_eq!(one(&second.idempotent(false)), [Step::Fallback]);
    // Without the budget, and without a breaker, there is nothing to pay.
    assert_eq!(one(&first.no_budget()), [Step::Pause]);
    assert_eq!(
        steps(&first, None, &[Class::Unreachable; 3]),
        [Step::Pause; 3]
    );
    advance(MS(1000)).await;
    assert_eq!(one(&first), [Step::Pause]);
    assert_eq!(one(&first), [Step::Fallback]);
    breaker.reset();
    assert_eq!(one(&first), [Step::Pause]);
}

#[tokio::test(start_paused = true)]
async fn only_a_retry_that_would_be_made_is_paid_for() {
    let breaker = Breaker::new("b")
        .failure_threshold(1000)
        .retry_budget(100, 1);
    let spend = |policy: &Settings, class: Class| {
        for _ in 0..20 {
            assert_ne!(steps(policy, Some(&breaker), &[class]), [Step::Pause]);
        }
    };
    spend(&policy(), Class::Permanent);
    spend(&policy().retries(0), Class::Unreachable);
    spend(&policy().idempotent(false), Class::Ambiguous);
    spend(&policy().deadline(MS(99)), Class::Unreachable);
    // All is there still, 10 tokens: what the first call brings is too much, that of others pays for their first retry.
    for _ in 0..4 {
        let call = steps(&policy(), Some(&breaker), &[Class::Unreachable; 3]);
        assert_eq!(call, [Step::Pause; 3]);
    }
    assert_eq!(
        steps(&policy(), Some(&breaker), &[Class::Unreachable; 3]),
        [Step::Pause, Step::Pause, Step::Fallback]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_succeeds_or_does_not_ask_for_a_retry_leaves_the_budget_alone() {
    let breaker = Breaker::new("b").failure_threshold(1000);
    let budget = || format!("{:?}", breaker.budget);
    let untouched = budget();
    for class in [None, Some(Class::Permanent), Some(Class::Rejected)] {
        let policy = policy();
        let mut call = Call::new(&policy, Some(&breaker));
        assert!(call.begin());
        match class {
            None => call.succeeded(),
            Some(class) => assert_ne!(call.failed(class.into()), Step::Pause),
        }
        assert_eq!(budget(), untouched, "{class:?}");
    }
    let _ = steps(&policy(), Some(&breaker), &[Class::Unreachable]);
    assert_ne!(budget(), untouched);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_blocks_is_part_of_the_probe_until_its_outcome_is_told() {
    let breaker = Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(1)
        .success_threshold(3);
    breaker.try_acquire().expect("closed").failure();
    advance(MS(1101)).await;
    let policy = policy();
    let nested = || breaker.try_acquire().map(Permit::neutral).is_ok();
    let probe = || {
        let mut call = BlockingCall::new(&policy, Some(&breaker));
        assert!(call.begin());
        assert!(nested());
        call
    };
    // A second probe marks nothing that the first has left behind.
    probe().succeeded();
    assert_eq!(probe().failed(Class::Permanent.into()), Step::Return);
    drop(probe());
    let mut call = Call::new(&policy, Some(&breaker));
    assert!(call.begin());
    assert!(!nested(), "an async attempt is marked at each poll");
    call.mark();
    assert!(nested());
    call.unmark();
    assert!(!nested());
}

#[tokio::test(start_paused = true)]
async fn a_reset_in_the_middle_of_a_probe_leaves_no_mark_on_the_thread() {
    let breaker = Breaker::new("b").failure_threshold(1);
    breaker.try_acquire().expect("closed").failure();
    advance(MS(1101)).await;
    let policy = policy();
    let mut call = BlockingCall::new(&policy, Some(&breaker));
    assert!(call.begin());
    breaker.reset();
    call.succeeded();
    assert!(!crate::breaker::probing::is_inside_any());
}

#[tokio::test(start_paused = true)]
async fn where_calls_are_counted_each_is_one_whatever_its_attempts() {
    let breaker = Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(2)
        .count_calls();
    let failing = [Class::Unreachable; 4];
    let gives_up = [Step::Pause, Step::Pause, Step::Pause, Step::Fallback];
    assert_eq!(steps(&policy(), Some(&breaker), &failing), gives_up);
    assert_eq!(breaker.snapshot().failures, 1);
    // A failure that is made good by a retry is none.
    let policy = policy();
    let mut call = Call::new(&policy, Some(&breaker));
    assert!(call.begin());
    assert_eq!(call.failed(Class::Unreachable.into()), Step::Pause);
    assert!(call.begin_again());
    call.succeeded();
    assert_eq!(breaker.snapshot().failures, 0);
    for _ in 0..2 {
        assert_eq!(steps(&policy, Some(&breaker), &failing), gives_up);
    }
    assert_eq!(breaker.state(), State::Open);
    advance(MS(1101)).await;
    assert_eq!(
        steps(&policy, Some(&breaker), &[Class::Unreachable]),
        [Step::Fallback],
        "a probe decides at once"
    );
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn where_calls_are_counted_one_without_budget_counts_too() {
    let breaker = Breaker::new("b")
        .failure_threshold(1000)
        .burst_window(Duration::ZERO)
        .retry_budget(0, 1)
        .count_calls();
    let one = || steps(&policy(), Some(&breaker), &[Class::Unreachable]);
    for _ in 0..10 {
        assert_eq!(one(), [Step::Pause]);
    }
    assert_eq!(
        breaker.snapshot().failures,
        0,
        "dropped in a pause, nothing is known of them"
    );
    assert_eq!(one(), [Step::Fallback]);
    assert_eq!(breaker.snapshot().failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_probe_may_be_given_less_time_than_other_attempts() {
    let breaker = Breaker::new("b")
        .failure_threshold(1)
        .half_open_timeout(MS(100));
    let policy = policy().timeout(MS(500)).retries(0);
    let mut call = Call::new(&policy, Some(&breaker));
    assert!(call.begin());
    assert_eq!(call.attempt_limit(Instant::now()), Some(MS(500)));
    call.timed_out();
    advance(MS(1101)).await;
    let limit_of_probe = |policy: &Settings| {
        let mut call = Call::new(policy, Some(&breaker));
        assert!(call.begin());
        call.attempt_limit(Instant::now())
    };
    assert_eq!(limit_of_probe(&policy), Some(MS(100)));
    assert_eq!(limit_of_probe(&policy.timeout(MS(50))), Some(MS(50)));
    assert_eq!(limit_of_probe(&policy.no_timeout()), Some(MS(100)));
    assert_eq!(limit_of_probe(&policy.deadline(MS(70))), Some(MS(70)));
    let mut probe = Call::new(&policy, Some(&breaker));
    assert!(probe.begin());
    probe.timed_out();
    assert_eq!(
        probe.rejection(),
        Rejection::TimedOut {
            function: "app::load",
            after: MS(100)
        }
    );
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_cannot_be_afforded_is_told() {
    let breaker = Breaker::new("b").failure_threshold(1000).retry_budget(0, 1);
    let told = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = told.clone();
    breaker.on_event(move |event| {
        if let crate::BreakerEvent::RetryBudgetExhausted { .. } = event {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    for _ in 0..12 {
        steps(&policy(), Some(&breaker), &[Class::Unreachable]);
    }
    assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), 2);
}

/// A blocking call that was refused after a pause has what is left of it in its hands: nothing drops it by itself.
#[tokio::test(start_paused = true)]
async fn a_blocking_call_that_is_refused_after_a_pause_ends_in_each_way() {
    static LIMIT: Bulkhead = Bulkhead::new("limit", 1);
    let breaker = Breaker::new("b").retry_budget(100, 100);
    let policy = Settings::new("app::load").backoff(Backoff::none());
    let refused = || {
        breaker.reset();
        let mut call = BlockingCall::new(&policy, Some(&breaker));
        assert!(call.begin());
        assert_eq!(call.failed(Class::Unreachable.into()), Step::Pause);
        breaker.force_open(None);
        assert!(!call.pause());
        call
    };
    let is_refusal = |error: &redis::RedisError| {
        matches!(
            Rejection::find(error),
            Some(Rejection::CircuitOpen { breaker: "b", .. })
        )
    };
    let answer: redis::RedisResult<u8> = refused().refuse();
    assert!(answer.is_err_and(|error| is_refusal(&error)));
    refused().falls_back();

    let mut none: Option<redis::RedisError> = None;
    let call = refused();
    let permit = call.enter_fallback(&LIMIT, &mut none);
    assert!(permit.is_some());
    call.gives_up();

    let call = refused();
    assert!(call.enter_fallback(&LIMIT, &mut none).is_none());
    let answer: redis::RedisResult<u8> = call.turned_away(&LIMIT, none);
    assert!(
        answer.is_err_and(|error| matches!(
            Rejection::find(&error),
            Some(Rejection::Saturated { .. })
        ))
    );
    assert!(refused().enters(&LIMIT).is_none());
    drop(permit);
    let entered = refused().enter_fallback_with_error(&LIMIT, None::<redis::RedisError>);
    let (_permit, error) = entered.expect("there is room");
    assert!(is_refusal(&error));
}

#[tokio::test(start_paused = true)]
async fn who_is_turned_away_keeps_an_error_of_its_own() {
    static LIMIT: Bulkhead = Bulkhead::new("limit", 1);
    let permit = LIMIT.try_acquire();
    let policy = policy().retries(0);
    let error = || redis::RedisError::from(std::io::Error::other("its own"));
    let mut call = Call::new(&policy, None);
    assert_eq!(call.failed(Class::Unreachable.into()), Step::Fallback);
    let kept = call.enter_fallback(&LIMIT, Some(error()));
    assert!(kept.is_err_and(|kept| kept.to_string().contains("its own")));

    let mut call = BlockingCall::new(&policy, None);
    let mut own = Some(error());
    assert_eq!(call.failed(Class::Unreachable.into()), Step::Fallback);
    assert!(call.enter_fallback(&LIMIT, &mut own).is_none());
    let kept: redis::RedisResult<u8> = call.turned_away(&LIMIT, own);
    assert!(kept.is_err_and(|kept| kept.to_string().contains("its own")));

    drop(permit);
    let mut own = Some(error());
    let call = BlockingCall::new(&policy, None);
    assert!(call.enter_fallback(&LIMIT, &mut own).is_some());
    assert!(own.is_none(), "the function does not drop it");
}
