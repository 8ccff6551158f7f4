use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::time::{Instant, sleep};

use super::*;
use crate::breaker::Breaker;
use crate::call::Step;
use crate::event::Event;
use crate::settings::Settings;
use crate::{Class, State};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// What one of the attempts does: after so long it comes to this.
#[derive(Clone, Copy)]
enum Does {
    Answers(u64, u64),
    Fails(u64, Class),
    Hangs,
    Panics(u64),
}
use Does::{Answers, Fails, Hangs, Panics};

fn settings() -> Settings {
    Settings::new("f").hedge(MS(20)).retries(0)
}

/// What became of the bodies: how many were made, and how many were dropped before their end.
#[derive(Default)]
struct Seen {
    made: Cell<usize>,
    dropped: Cell<usize>,
}

struct Body<'a>(&'a Seen, bool);

impl Drop for Body<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.dropped.set(self.0.dropped.get() + 1);
        }
    }
}

async fn body(does: Does, seen: &Seen) -> Result<u64, Class> {
    let mut body = Body(seen, false);
    let result = match does {
        Answers(after, value) => {
            sleep(MS(after)).await;
            Ok(value)
        }
        Fails(after, class) => {
            sleep(MS(after)).await;
            Err(class)
        }
        Panics(after) => {
            sleep(MS(after)).await;
            panic!("as a body may")
        }
        Hangs => pending().await,
    };
    body.1 = true;
    result
}

/// What the attempt gives with these two bodies, and after how many milliseconds.
async fn run(
    call: &mut Call<'_>,
    budget: &HedgeBudget,
    does: [Does; 2],
    seen: &Seen,
) -> (Result<u64, Option<Class>>, u64) {
    let begun = Instant::now();
    let bodies = || {
        let made = seen.made.replace(seen.made.get() + 1);
        body(does[made], seen)
    };
    let result = hedged(call, budget, None, bodies, |class: &Class| (*class).into()).await;
    let took = begun.elapsed().as_millis();
    (result, u64::try_from(took).expect("a short time"))
}

async fn once(does: [Does; 2]) -> (Result<u64, Option<Class>>, u64, usize, usize) {
    let (settings, seen) = (settings(), Seen::default());
    let mut call = Call::new(&settings, None);
    let (result, took) = run(&mut call, &HedgeBudget::new(), does, &seen).await;
    (result, took, seen.made.get(), seen.dropped.get())
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_has_no_hedge() {
    assert_eq!(once([Answers(19, 1), Hangs]).await, (Ok(1), 19, 1, 0));
    assert_eq!(once([Answers(0, 1), Hangs]).await, (Ok(1), 0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_first_good_answer_wins_and_the_other_is_dropped() {
    assert_eq!(once([Hangs, Answers(5, 2)]).await, (Ok(2), 25, 2, 1));
    assert_eq!(
        once([Answers(23, 1), Answers(5, 2)]).await,
        (Ok(1), 23, 2, 1)
    );
    // Both at once.
    assert_eq!(
        once([Answers(25, 1), Answers(5, 2)]).await,
        (Ok(1), 25, 2, 1)
    );
}

/// C25: a call waits for no hedge that will not be sent.
#[tokio::test(start_paused = true)]
async fn a_first_failure_before_the_hedge_is_the_attempt_s() {
    let failed = Err(Some(Class::Unreachable));
    assert_eq!(
        once([Fails(4, Class::Unreachable), Hangs]).await,
        (failed, 4, 1, 0)
    );
}

/// C25, with nothing left to pay for a hedge.
#[tokio::test(start_paused = true)]
async fn without_a_token_there_is_no_hedge() {
    let (settings, seen, budget) = (settings(), Seen::default(), HedgeBudget::new());
    while budget.pays() {}
    let mut call = Call::new(&settings, None);
    let does = [Fails(40, Class::Unreachable), Answers(1, 2)];
    let (result, took) = run(&mut call, &budget, does, &seen).await;
    assert_eq!((result, took), (Err(Some(Class::Unreachable)), 40));
    assert_eq!(seen.made.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn where_one_fails_the_other_is_waited_for() {
    let unreachable = Class::Unreachable;
    assert_eq!(
        once([Fails(22, unreachable), Answers(9, 2)]).await,
        (Ok(2), 29, 2, 0)
    );
    assert_eq!(
        once([Answers(40, 1), Fails(1, unreachable)]).await,
        (Ok(1), 40, 2, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn where_both_fail_it_is_the_last_error() {
    let last = (Err(Some(Class::Unavailable)), 29, 2, 0);
    let (first, second) = (Class::Unreachable, Class::Unavailable);
    assert_eq!(once([Fails(22, first), Fails(9, second)]).await, last);
    assert_eq!(once([Fails(29, second), Fails(2, first)]).await, last);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_an_answer_is_returned_at_once() {
    let answer = Err(Some(Class::Permanent));
    assert_eq!(
        once([Fails(22, Class::Permanent), Hangs]).await,
        (answer, 22, 2, 1)
    );
    assert_eq!(
        once([Hangs, Fails(2, Class::Permanent)]).await,
        (answer, 22, 2, 1)
    );
}

/// C26: the timeout of the attempt holds for both.
#[tokio::test(start_paused = true)]
async fn both_are_cut_off_at_the_timeout() {
    assert_eq!(once([Hangs, Hangs]).await, (Err(None), 1000, 2, 2));
    // A real error says more.
    let real = Err(Some(Class::Unreachable));
    assert_eq!(
        once([Fails(30, Class::Unreachable), Hangs]).await,
        (real, 1000, 2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cut_off_with_an_error_fails_once() {
    static BREAKER: Breaker = Breaker::new("hedge-cut-off").failure_threshold(3);
    let (settings, seen) = (settings().retries(1), Seen::default());
    let mut call = Call::new(&settings, Some(&BREAKER));
    assert!(call.begin());
    let does = [Fails(30, Class::Unreachable), Hangs];
    let (result, _) = run(&mut call, &HedgeBudget::new(), does, &seen).await;
    let error = result.expect_err("it has failed").expect("with an error");
    // One for each attempt.
    assert_eq!(call.failed(error.into()), Step::Pause);
    assert_eq!(BREAKER.snapshot().failures, 2);
    assert!(
        crate::attempt::pause(&mut call).await,
        "it was told already that it was cut off"
    );
    assert_eq!(BREAKER.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn without_a_timeout_both_go_on() {
    let (settings, seen) = (settings().no_timeout(), Seen::default());
    let mut call = Call::new(&settings, None);
    let does = [Hangs, Answers(3_600_000, 2)];
    let (result, took) = run(&mut call, &HedgeBudget::new(), does, &seen).await;
    assert_eq!((result, took), (Ok(2), 3_600_020));
}

#[tokio::test(start_paused = true)]
async fn cancelling_the_call_drops_both() {
    static BREAKER: Breaker = Breaker::new("hedge-cancelled").failure_threshold(1);
    let (settings, seen, budget) = (settings(), Seen::default(), HedgeBudget::new());
    let mut call = Call::new(&settings, Some(&BREAKER));
    assert!(call.begin());
    let cancelled = tokio::time::timeout(MS(30), run(&mut call, &budget, [Hangs, Hangs], &seen));
    assert!(cancelled.await.is_err());
    drop(call);
    assert_eq!((seen.made.get(), seen.dropped.get()), (2, 2));
    assert_eq!(BREAKER.snapshot().failures, 0);
}

#[tokio::test(start_paused = true)]
async fn each_outcome_counts_once_and_a_loser_for_nothing() {
    static BREAKER: Breaker = Breaker::new("hedge-counts")
        .burst_window(Duration::ZERO)
        .failure_threshold(10);
    let settings = settings();
    let one = async |does| {
        let seen = Seen::default();
        let mut call = Call::new(&settings, Some(&BREAKER));
        assert!(call.begin());
        let result = run(&mut call, &HedgeBudget::new(), does, &seen).await.0;
        match result {
            Ok(_) => call.succeeded(),
            Err(Some(class)) => drop(call.failed(class.into())),
            Err(None) => drop(crate::attempt::pause(&mut call).await),
        }
        drop(call);
        BREAKER.snapshot().failures
    };
    let failed = Fails(22, Class::Unreachable);
    assert_eq!(one([failed, Fails(9, Class::Unreachable)]).await, 2);
    // A success forgets the failures in a row.
    assert_eq!(one([Hangs, Answers(1, 1)]).await, 0);
    assert_eq!(
        one([Hangs, Hangs]).await,
        1,
        "the first was cut off, the hedge had less time"
    );
    assert_eq!(one([failed, Hangs]).await, 3);
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_and_a_probe_have_no_hedge() {
    static BREAKER: Breaker = Breaker::new("hedge-probe")
        .failure_threshold(1)
        .reset_timeout(Duration::from_millis(50));
    let (settings, budget) = (settings(), HedgeBudget::new());
    let seen = Seen::default();
    let mut call = Call::new(&settings, Some(&BREAKER));
    assert!(call.begin());
    let opens = async {
        sleep(MS(10)).await;
        BREAKER.try_acquire().expect("it is closed").failure();
    };
    let does = [Answers(40, 1), Answers(1, 2)];
    let (result, ()) = tokio::join!(run(&mut call, &budget, does, &seen), opens);
    assert_eq!(
        (result, seen.made.get()),
        ((Ok(1), 40), 1),
        "the circuit is open"
    );
    drop(call);
    sleep(MS(100)).await;
    let seen = Seen::default();
    let mut probe = Call::new(&settings, Some(&BREAKER));
    assert!(probe.begin());
    assert_eq!(BREAKER.state(), State::HalfOpen);
    let result = run(&mut probe, &budget, does, &seen).await;
    assert_eq!((result, seen.made.get()), ((Ok(1), 40), 1), "it is a probe");
    probe.succeeded();
    assert_eq!(BREAKER.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_needs_a_permit_and_gives_it_back() {
    static POOL: Bulkhead = Bulkhead::new("hedge-pool", 1);
    let (settings, budget) = (settings(), HedgeBudget::new());
    let one = async || {
        let seen = Seen::default();
        let mut call = Call::new(&settings, None);
        let bodies = || {
            let made = seen.made.replace(seen.made.get() + 1);
            body([Answers(40, 1), Answers(1, 2)][made], &seen)
        };
        hedged(&mut call, &budget, Some(&POOL), bodies, |class: &Class| {
            (*class).into()
        })
        .await
    };
    assert_eq!(one().await, Ok(2));
    let held = POOL.try_acquire().expect("the hedge has given it back");
    assert_eq!(one().await, Ok(1));
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_panic_counts_for_the_attempt_that_panics() {
    use std::panic::AssertUnwindSafe;
    static BREAKER: Breaker = Breaker::new("hedge-panics").failure_threshold(10);
    for does in [[Panics(25), Hangs], [Hangs, Panics(5)]] {
        let before = BREAKER.snapshot().failures;
        let local = tokio::task::LocalSet::new();
        let ended = local.run_until(async move {
            tokio::task::spawn_local(
                AssertUnwindSafe(async move {
                    let (settings, seen) = (settings(), Rc::new(Seen::default()));
                    let mut call = Call::new(&settings, Some(&BREAKER));
                    assert!(call.begin());
                    let _ = run(&mut call, &HedgeBudget::new(), does, &seen).await;
                })
                .0,
            )
            .await
        });
        assert!(ended.await.expect_err("it panics").is_panic());
        assert_eq!(BREAKER.snapshot().failures, before + 1);
    }
    assert!(!is_hedge());
}

#[tokio::test(start_paused = true)]
async fn what_must_not_be_sent_twice_has_no_hedge() {
    let settings = settings();
    for says_idempotent in [false, true] {
        let settings = if says_idempotent {
            settings.idempotent(true)
        } else {
            settings
        };
        let mut call = Call::new(&settings, None);
        let made = Cell::new(0);
        let bodies = || {
            let number = made.replace(made.get() + 1);
            async move {
                assert!(may_send(|| false), "the first may send what it likes");
                sleep(MS(if number == 0 { 40 } else { 1 })).await;
                Ok::<_, Class>(number)
            }
        };
        let budget = HedgeBudget::new();
        let result = hedged(&mut call, &budget, None, bodies, |class: &Class| {
            (*class).into()
        })
        .await;
        assert_eq!(result, Ok(usize::from(says_idempotent)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hedge_that_gets_there_first_does_not_send_it() {
    let settings = settings();
    let mut call = Call::new(&settings, None);
    let (made, sent) = (Cell::new(0), Cell::new(0));
    let bodies = || {
        let number = made.replace(made.get() + 1);
        let sent = &sent;
        async move {
            // It reads, and then it writes.
            sleep(MS(if number == 0 { 60 } else { 1 })).await;
            if !may_send(|| false) {
                // Whatever it makes of that.
                return Ok(7);
            }
            sent.set(sent.get() + 1);
            Ok::<_, Class>(number)
        }
    };
    let budget = HedgeBudget::new();
    let result = hedged(&mut call, &budget, None, bodies, |class: &Class| {
        (*class).into()
    })
    .await;
    assert_eq!((result, made.get(), sent.get()), (Ok(0), 2, 1));
}

#[tokio::test(start_paused = true)]
async fn it_is_told_who_was_first() {
    thread_local! {
        static TOLD: RefCell<Vec<HedgeWinner>> = const { RefCell::new(Vec::new()) };
    }
    crate::observe(|event: &Event<'_>| {
        if let Event::Hedged(event) = event
            && event.function == "f"
        {
            assert_eq!(event.after, MS(20));
            TOLD.with_borrow_mut(|told| told.push(event.winner));
        }
    });
    let failed = Fails(22, Class::Unreachable);
    for (does, expected) in [
        ([Answers(10, 1), Hangs], &[][..]),
        ([Answers(23, 1), Hangs], &[HedgeWinner::First]),
        ([Hangs, Answers(5, 2)], &[HedgeWinner::Hedge]),
        ([failed, Answers(5, 2)], &[HedgeWinner::Hedge]),
        ([failed, failed], &[HedgeWinner::Neither]),
        ([Hangs, Hangs], &[HedgeWinner::Neither]),
    ] {
        let _ = once(does).await;
        assert_eq!(TOLD.take(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_hedges_too() {
    use crate::Policy;
    static USERS: Policy = Policy::new("users")
        .without_breaker()
        .hedge(Duration::from_millis(20));
    let begun = Instant::now();
    let calls = Cell::new(0);
    let result: RedisResult<u32> = USERS
        .run(|| {
            let call = calls.replace(calls.get() + 1);
            async move {
                sleep(MS(if call == 0 { 500 } else { 5 })).await;
                Ok::<_, RedisError>(call)
            }
        })
        .await;
    assert_eq!(result.expect("the hedge answers"), 1);
    assert_eq!(begun.elapsed(), MS(25));
}

#[test]
fn a_policy_that_makes_no_sense_is_refused() {
    use crate::Policy;
    for make in [
        (|| Policy::new("users").hedge(Duration::ZERO)) as fn() -> Policy,
        || Policy::new("users").hedge(MS(1000)),
        || Policy::new("users").hedge(MS(20)).idempotent(false),
        || Policy::new("users").idempotent(false).hedge(MS(20)),
        || Policy::new("users").hedge(MS(20)).timeout(MS(20)),
        || {
            Policy::new("users")
                .without_timeout()
                .hedge(MS(20))
                .deadline(MS(10))
        },
    ] {
        assert!(std::panic::catch_unwind(make).is_err());
    }
}
