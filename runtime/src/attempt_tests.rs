use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::call::Step;
use crate::settings::Settings;
use crate::{Backoff, Class, Jitter};

const MS: fn(u64) -> Duration = Duration::from_millis;

async fn run<F: Future>(policy: &Settings, body: F) -> (Option<F::Output>, Duration, bool) {
    let mut call = Call::new(policy, None);
    let begun = Instant::now();
    let body = async { Ok::<_, ()>(body.await) };
    let value = attempt(&mut call, body).await.ok();
    (value, begun.elapsed(), call.retry_state().has_been_timed())
}

#[tokio::test(start_paused = true)]
async fn an_answer_at_once_makes_no_timer() {
    let policy = Settings::new("f").deadline(MS(500));
    assert_eq!(run(&policy, async { 7 }).await, (Some(7), MS(0), false));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_cut_off_at_its_timeout() {
    let policy = Settings::new("f").timeout(MS(200));
    assert_eq!(run(&policy, pending::<u8>()).await, (None, MS(200), true));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_cut_off_at_the_deadline() {
    let policy = Settings::new("f").deadline(MS(300)).no_timeout();
    assert_eq!(run(&policy, pending::<u8>()).await, (None, MS(300), true));
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_counts() {
    let policy = Settings::new("f").timeout(MS(200));
    let slow = async {
        tokio::time::sleep(MS(199)).await;
        7
    };
    assert_eq!(run(&policy, slow).await, (Some(7), MS(199), true));
}

#[tokio::test(start_paused = true)]
async fn without_limits_there_is_no_timer() {
    let policy = Settings::new("f").no_timeout();
    let slow = async {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        7
    };
    assert_eq!(
        run(&policy, slow).await,
        (Some(7), Duration::from_secs(3600), false)
    );
}

#[tokio::test(start_paused = true)]
async fn limits_beyond_what_the_clock_can_tell_do_not_panic() {
    let policy = Settings::new("f").timeout(Duration::MAX);
    let slow = async {
        tokio::time::sleep(MS(10)).await;
        7
    };
    assert_eq!(run(&policy, slow).await.0, Some(7));
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_whole_timeout_again() {
    let policy = Settings::new("f")
        .timeout(MS(200))
        .backoff(Backoff::fixed(MS(50)).jitter(Jitter::None));
    let mut call = Call::new(&policy, None);
    let begun = Instant::now();
    for _ in 0..3 {
        let cut_off = attempt(&mut call, pending::<Result<u8, ()>>()).await;
        assert_eq!(cut_off, Err(None));
        assert!(pause(&mut call).await);
    }
    assert_eq!(begun.elapsed(), MS(3 * 250));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_with_an_attempt_that_was_cut_off_makes_no_pause() {
    let policy = Settings::new("f")
        .timeout(MS(200))
        .retries(1)
        .backoff(Backoff::fixed(MS(50)).jitter(Jitter::None));
    let mut call = Call::new(&policy, None);
    let begun = Instant::now();
    for goes_on in [true, false] {
        let cut_off = attempt(&mut call, pending::<Result<u8, ()>>()).await;
        assert_eq!(cut_off, Err(None));
        assert_eq!(pause(&mut call).await, goes_on);
    }
    assert_eq!(begun.elapsed(), MS(200 + 50 + 200));
}

/// The timer has run for the attempt before, and for the pause.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_failed_by_itself_leaves_the_whole_pause_and_the_whole_timeout() {
    let policy = Settings::new("f")
        .timeout(MS(200))
        .backoff(Backoff::fixed(MS(50)).jitter(Jitter::None));
    let mut call = Call::new(&policy, None);
    let begun = Instant::now();
    let failing = async {
        tokio::time::sleep(MS(190)).await;
        Err::<u8, ()>(())
    };
    assert_eq!(attempt(&mut call, failing).await, Err(Some(())));
    assert_eq!(call.failed(Class::Unreachable.into()), Step::Pause);
    assert!(pause(&mut call).await);
    assert_eq!(begun.elapsed(), MS(190 + 50));
    let cut_off = attempt(&mut call, pending::<Result<u8, ()>>()).await;
    assert_eq!(cut_off, Err(None));
    assert_eq!(begun.elapsed(), MS(190 + 50 + 200));
}

/// A body that finds work at every poll uses up its task's cooperative budget, and the timer may then not be polled at all.
#[tokio::test]
async fn a_body_that_uses_up_the_budget_is_cut_off_all_the_same() {
    let policy = Settings::new("f").timeout(MS(20));
    let polls = Cell::new(0_u64);
    let busy = poll_fn(|cx| {
        polls.set(polls.get() + 1);
        loop {
            let mut unit = pin!(tokio::task::consume_budget());
            if unit.as_mut().poll(cx).is_pending() {
                return Poll::<u8>::Pending;
            }
        }
    });
    assert_eq!(run(&policy, busy).await.0, None);
    assert!(polls.get() > 1);
}
