//! Calls of a request with a time budget.

use std::future::pending;
use std::io;
use std::time::Duration;

use redis::{RedisError, RedisResult};

use super::*;
use crate::{Backoff, Class, Rejection, RequestBudget, State};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn refused() -> RedisError {
    io::Error::from(io::ErrorKind::ConnectionRefused).into()
}

/// Whether the call was made, if it was its request's budget that ended it.
fn exceeded<T: fmt::Debug>(result: &RedisResult<T>) -> Option<bool> {
    match Rejection::find(result.as_ref().expect_err("it is over"))? {
        Rejection::RequestBudgetExceeded { attempted, .. } => Some(*attempted),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn all_calls_of_a_request_share_it() {
    static SLOW: Policy = Policy::new("budget slow")
        .without_breaker()
        .timeout(ms(300));
    let begun = tokio::time::Instant::now();
    let budget = RequestBudget::new(ms(500));
    let results: [RedisResult<u32>; 3] = budget
        .scope(async {
            let call = || SLOW.run(async || pending().await);
            // The first gets its own timeout and the beginning of a retry, the second nothing.
            [call().await, call().await, call().await]
        })
        .await;
    assert_eq!(begun.elapsed().as_millis(), 500);
    assert_eq!(exceeded(&results[0]), Some(true));
    assert_eq!(exceeded(&results[1]), Some(false));
    let error = results[2].as_ref().expect_err("too late");
    assert!(crate::is_outage(error) && crate::retry_after(error).is_some());
    assert_eq!(Class::of(error), Class::Rejected);
    assert!(error.to_string().contains("`budget slow` was not called"));
    assert_eq!(RequestBudget::current(), None);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_without_a_timeout_is_cut_off_too() {
    static FREE: Policy = Policy::new("budget free")
        .without_timeout()
        .without_breaker();
    let result: RedisResult<u32> = RequestBudget::new(ms(200))
        .scope(FREE.run(async || pending().await))
        .await;
    assert_eq!(exceeded(&result), Some(true));
}

#[tokio::test(start_paused = true)]
async fn the_shorter_one_of_budget_and_deadline_holds() {
    static SHORT: Policy = Policy::new("budget deadline")
        .without_breaker()
        .deadline(ms(100))
        .without_timeout();
    let result: RedisResult<u32> = RequestBudget::new(ms(5_000))
        .scope(SHORT.run(async || pending().await))
        .await;
    let error = result.expect_err("it is over");
    assert!(matches!(
        Rejection::find(&error),
        Some(Rejection::DeadlineExceeded { .. })
    ));
    // Of two budgets as well, whichever is the inner one.
    for (outer, inner) in [(50, 5_000), (5_000, 50)] {
        let left = RequestBudget::new(ms(outer))
            .scope(RequestBudget::new(ms(inner)).scope(async { RequestBudget::current() }))
            .await;
        assert_eq!(left.map(RequestBudget::left), Some(ms(50)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_would_not_fit_is_not_begun() {
    static LATER: Policy = Policy::new("budget pause")
        .without_breaker()
        .backoff(Backoff::fixed(ms(400)).jitter(crate::Jitter::None));
    let begun = tokio::time::Instant::now();
    let result: RedisResult<u32> = RequestBudget::new(ms(300))
        .scope(LATER.run(async || Err(refused())))
        .await;
    // Its own error, at once.
    assert_eq!(Class::of(&result.expect_err("refused")), Class::Unreachable);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_left_too_little_says_nothing_to_the_breaker() {
    static HASTY: Breaker = Breaker::new("budget hasty").failure_threshold(1);
    static CALLS: Policy = Policy::new("budget hasty")
        .breaker(&HASTY)
        .timeout(ms(1_000))
        .retries(0);
    for (left, state) in [(99, State::Closed), (100, State::Open)] {
        let result: RedisResult<u32> = RequestBudget::new(ms(left))
            .scope(CALLS.run(async || pending().await))
            .await;
        assert_eq!(exceeded(&result), Some(true));
        assert_eq!(HASTY.state(), state, "{left} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn the_fallback_answers_where_the_budget_is_used_up() {
    static FALLS: Policy = Policy::new("budget fallback").without_breaker();
    let budget = RequestBudget::new(ms(10));
    tokio::time::advance(ms(20)).await;
    let answer = budget
        .scope(FALLS.run_or(
            async || Ok::<_, RedisError>("redis"),
            async |_| Ok("fallback"),
        ))
        .await;
    assert_eq!(answer.ok(), Some("fallback"));
    let answer =
        budget.run(|| FALLS.run_blocking_or(|| Ok::<_, RedisError>("redis"), |_| Ok("fallback")));
    assert_eq!(answer.ok(), Some("fallback"));
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_has_it_only_if_it_is_given() {
    static FAST: Policy = Policy::new("budget spawned").without_breaker();
    let budget = RequestBudget::new(ms(10));
    tokio::time::advance(ms(20)).await;
    let (without, with) = budget
        .scope(async {
            let call = || FAST.run(async || Ok::<_, RedisError>(1));
            let given = RequestBudget::current().expect("it is set");
            let without = tokio::spawn(call()).await;
            (without, tokio::spawn(given.scope(call())).await)
        })
        .await;
    assert_eq!(without.expect("no panic").ok(), Some(1));
    assert_eq!(exceeded(&with.expect("no panic")), Some(false));
}

#[test]
fn blocking_calls_share_it_on_their_thread() {
    static THREAD: Policy = Policy::new("budget thread").without_breaker().retries(50);
    let budget = RequestBudget::new(ms(60));
    let (first, second) = budget.run(|| {
        let call = || THREAD.run_blocking(|| Err::<u32, _>(refused()));
        let first = call();
        while !budget.left().is_zero() {
            std::thread::sleep(ms(1));
        }
        (first, call())
    });
    assert!(first.is_err());
    assert_eq!(exceeded(&second), Some(false));
    assert!(
        THREAD.run_blocking(|| Ok::<_, RedisError>(1)).is_ok(),
        "outside of it"
    );
    let panics = std::panic::catch_unwind(|| budget.run(|| panic!("as a handler may")));
    assert!(panics.is_err() && RequestBudget::current().is_none());
}

#[tokio::test(start_paused = true)]
async fn observers_are_told_once_of_each_call_that_ends_by_it() {
    use std::sync::Mutex;

    static TOLD: Mutex<Vec<(Duration, bool)>> = Mutex::new(Vec::new());
    static CALLS: Policy = Policy::new("budget told")
        .without_breaker()
        .timeout(ms(400));
    crate::observe(|event: &crate::Event<'_>| {
        if let crate::Event::RequestBudgetExhausted(of) = event
            && of.function == "budget told"
        {
            TOLD.lock()
                .expect("no panic")
                .push((of.budget, of.attempted));
        }
    });
    let budget = RequestBudget::new(ms(500));
    let slow = || CALLS.run(async || pending::<RedisResult<u32>>().await);
    assert!(budget.scope(slow()).await.is_err());
    assert!(budget.scope(slow()).await.is_err());
    let _ = budget.run(|| CALLS.run_blocking(|| Ok::<_, RedisError>(1)));
    // By what it has of its own.
    let own = RequestBudget::new(ms(5_000)).scope(slow()).await;
    assert_eq!(exceeded(&own), None);
    let told = TOLD.lock().expect("no panic").clone();
    assert_eq!(told, [(ms(500), true), (ms(500), false), (ms(500), false)]);
}
