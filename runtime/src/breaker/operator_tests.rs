use std::sync::{Arc, Mutex};

use tokio::time::advance;

use super::*;
use crate::Rejection;

const SECOND: Duration = Duration::from_secs(1);

fn breaker() -> Breaker {
    Breaker::new("b").burst_window(Duration::ZERO)
}

fn fail(breaker: &Breaker, times: usize) {
    for _ in 0..times {
        if let Ok(permit) = breaker.try_acquire() {
            permit.failure();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn forced_open_refuses_for_its_time_and_then_probes() {
    let breaker = breaker();
    breaker.force_open(60 * SECOND);
    assert_eq!(breaker.state(), State::ForcedOpen);
    assert_eq!(breaker.retry_after(), 60 * SECOND);
    advance(59 * SECOND).await;
    let refused = breaker.try_acquire().expect_err("it is forced open");
    assert!(
        matches!(refused, Rejection::CircuitOpen { retry_after, .. } if retry_after == SECOND),
        "{refused}"
    );
    advance(SECOND).await;
    let probe = breaker.try_acquire().expect("its time is over");
    assert!(probe.is_probe());
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn forced_open_without_an_end_stays_so() {
    let breaker = breaker();
    breaker.force_open(None);
    advance(1_000_000 * SECOND).await;
    assert!(breaker.try_acquire().is_err());
    assert!(
        breaker.retry_after() <= 30 * SECOND,
        "nobody is told to wait for ever"
    );
    breaker.reset();
    assert!(breaker.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn no_outcome_changes_an_order() {
    for order in [
        (|breaker| breaker.force_open(None)) as fn(&Breaker),
        Breaker::force_closed,
        Breaker::disable,
    ] {
        let breaker = breaker();
        let before = breaker.try_acquire().expect("closed");
        order(&breaker);
        let ordered = breaker.state();
        before.failure();
        fail(&breaker, 20);
        if let Ok(permit) = breaker.try_acquire() {
            permit.success();
        }
        assert_eq!(breaker.state(), ordered);
        breaker.reset();
        assert_eq!(breaker.state(), State::Closed);
        assert_eq!(
            breaker.snapshot().failures,
            0,
            "what happened under the order is forgotten"
        );
    }
}

#[test]
fn forced_closed_and_disabled_let_all_through() {
    let breaker = breaker();
    breaker.force_closed();
    fail(&breaker, 20);
    assert!(breaker.try_acquire().is_ok());
    assert_eq!(breaker.state(), State::ForcedClosed);
    breaker.disable();
    fail(&breaker, 20);
    assert!(breaker.try_acquire().is_ok());
    assert_eq!(breaker.state(), State::Disabled);
}

#[tokio::test(start_paused = true)]
async fn an_order_ends_an_outage_s_probe() {
    let breaker = breaker();
    fail(&breaker, 5);
    advance(2 * SECOND).await;
    let probe = breaker.try_acquire().expect("the probe");
    breaker.force_open(None);
    probe.success();
    assert_eq!(breaker.state(), State::ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn observing_counts_and_refuses_nothing() {
    let breaker = breaker();
    breaker.observe_only(true);
    fail(&breaker, 5);
    assert_eq!(breaker.state(), State::Open, "it shows what it would do");
    assert_eq!(breaker.retry_after(), Duration::ZERO, "and does not");
    let passed = breaker.try_acquire().expect("nothing is refused");
    passed.failure();
    advance(2 * SECOND).await;
    let probe = breaker.try_acquire().expect("the probe");
    let beside = breaker.try_acquire().expect("nothing is refused");
    beside.failure();
    assert_eq!(
        breaker.state(),
        State::HalfOpen,
        "what would have been refused decides nothing"
    );
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
    assert!(breaker.snapshot().observing);
    breaker.observe_only(false);
    fail(&breaker, 5);
    assert!(breaker.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_observed_begins_empty_and_counts_what_would_have_been_refused() {
    let breaker = Breaker::new("b").failure_rate_of_calls(50, 10, 4);
    fail(&breaker, 3);
    breaker.observe_only(true);
    assert_eq!(breaker.snapshot().calls, 0);
    fail(&breaker, 6);
    assert_eq!(breaker.state(), State::Open);
    let seen = breaker.snapshot();
    assert_eq!((seen.calls, seen.failures), (6, 6));
    assert_eq!(seen.failure_rate(), Some(100.0));
    for _ in 0..6 {
        breaker.try_acquire().expect("nothing is refused").success();
    }
    assert_eq!(breaker.snapshot().failure_rate(), Some(40.0));
    breaker.reset();
    assert_eq!(breaker.snapshot().calls, 0);
    fail(&breaker, 9);
    assert_eq!(breaker.snapshot().calls, 4, "the others are refused");
}

#[tokio::test(start_paused = true)]
async fn snapshots_have_the_calls_and_rates_of_every_rule() {
    let counted = |breaker: Breaker| {
        for failed in [true, false, true] {
            let permit = breaker.try_acquire().expect("closed");
            if failed {
                permit.failure();
            } else {
                permit.success();
            }
        }
        let seen = breaker.snapshot();
        (seen.calls, seen.failures, seen.failure_rate())
    };
    let two_thirds = Some(200.0 / 3.0);
    assert_eq!(counted(breaker()), (1, 1, None));
    assert_eq!(counted(breaker().failure_threshold_of(3, 5)), (2, 2, None));
    for (min_calls, rate) in [(3, two_thirds), (4, None)] {
        let rates = [
            breaker().failure_rate(90, min_calls, SECOND),
            breaker().failure_rate_of_calls(90, 5, min_calls),
            breaker().failure_rate_of_time(90, SECOND, min_calls),
        ];
        for breaker in rates {
            assert_eq!(counted(breaker), (3, 2, rate));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn listeners_hear_every_change_in_turn_and_may_panic() {
    let breaker = breaker();
    let heard = Arc::new(Mutex::new(Vec::new()));
    breaker.on_transition(|_| std::panic::resume_unwind(Box::new("a listener panics")));
    for _ in 0..2 {
        let heard = heard.clone();
        breaker.on_transition(move |transition| {
            heard
                .lock()
                .expect("no one panics holding it")
                .push((transition.from, transition.to));
        });
    }
    fail(&breaker, 5);
    advance(2 * SECOND).await;
    breaker.try_acquire().expect("the probe").success();
    breaker.disable();
    breaker.reset();
    let changes = [
        (State::Closed, State::Open),
        (State::Open, State::HalfOpen),
        (State::HalfOpen, State::Closed),
        (State::Closed, State::Disabled),
        (State::Disabled, State::Closed),
    ];
    let twice: Vec<_> = changes
        .iter()
        .flat_map(|change| [*change, *change])
        .collect();
    assert_eq!(*heard.lock().expect("not poisoned"), twice);
}

#[test]
fn a_listener_may_use_the_breaker() {
    let breaker = Arc::new(breaker());
    // Weak: a breaker whose listener owns it is never dropped.
    let again = Arc::downgrade(&breaker);
    breaker.on_transition(move |transition| {
        if transition.to == State::Open
            && let Some(again) = again.upgrade()
        {
            again.on_transition(|_| {});
            again.reset();
        }
    });
    fail(&breaker, 5);
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_tells_what_is_going_on() {
    let breaker = breaker().success_threshold(2).half_open_permits(2);
    assert_eq!(breaker.snapshot().in_state_for, None);
    fail(&breaker, 3);
    assert_eq!(breaker.snapshot().failures, 3);
    fail(&breaker, 2);
    advance(SECOND / 2).await;
    let open = breaker.snapshot();
    assert_eq!(
        (open.name, open.state, open.in_state_for),
        ("b", State::Open, Some(SECOND / 2))
    );
    assert!(open.retry_after > SECOND * 3 / 10, "{open:?}");
    advance(SECOND).await;
    let _probe = breaker.try_acquire().expect("a probe");
    breaker.try_acquire().expect("another probe").success();
    let half = breaker.snapshot();
    assert_eq!(
        (half.state, half.probes, half.successes, half.streak),
        (State::HalfOpen, 1, 1, 0)
    );
}

/// All that calls leave behind, whatever state they have brought it to; and what comes of those that are under way.
#[tokio::test(start_paused = true)]
async fn a_reset_leaves_a_breaker_as_new() {
    let breakers = [
        breaker(),
        breaker().failure_threshold_of(5, 20),
        breaker().failure_rate(50, 5, 600 * SECOND / 2),
        breaker().failure_rate_of_calls(50, 20, 5),
        breaker().failure_rate_of_time(50, 3600 * SECOND, 5),
    ]
    .map(|breaker| breaker.half_open_permits(3).success_threshold(3));
    let ways: [fn(&Breaker); 8] = [
        |_| {},
        |breaker| fail(breaker, 3),
        |breaker| fail(breaker, 5),
        |breaker| breaker.force_open(None),
        |breaker| breaker.force_open(60 * SECOND),
        Breaker::force_closed,
        Breaker::disable,
        |breaker| breaker.observe_only(true),
    ];
    for breaker in &breakers {
        for way in ways {
            for probing in [false, true] {
                let early = breaker.try_acquire().expect("closed");
                way(breaker);
                if probing {
                    fail(breaker, 5);
                    advance(2 * SECOND).await;
                }
                let late: Vec<_> = (0..4).map_while(|_| breaker.try_acquire().ok()).collect();
                breaker.reset();
                let as_new = |when: &str| {
                    let seen = breaker.snapshot();
                    let text = format!("{when}: {seen:?}");
                    assert_eq!(seen.state, State::Closed, "{text}");
                    assert_eq!((seen.calls, seen.failures), (0, 0), "{text}");
                    assert_eq!((seen.probes, seen.streak), (0, 0), "{text}");
                    assert!(!seen.observing, "{text}");
                    assert_eq!(seen.retry_after, Duration::ZERO, "{text}");
                };
                as_new("at once");
                for (permit, fails) in late.into_iter().zip([true, false].into_iter().cycle()) {
                    if fails {
                        permit.failure();
                    } else {
                        permit.success();
                    }
                }
                early.failure();
                as_new("when all calls from before have ended");
                fail(breaker, 4);
                assert_eq!(breaker.state(), State::Closed, "four are not enough");
                fail(breaker, 1);
                assert_eq!(breaker.state(), State::Open, "it counts from the beginning");
                assert_eq!(breaker.snapshot().streak, 0);
                breaker.reset();
            }
        }
    }
}

#[test]
fn a_reset_fills_the_budget() {
    let breaker = breaker().retry_budget(0, 1);
    let paid = |breaker: &Breaker| {
        (0..50)
            .filter(|_| breaker.budget.pays_for_retry(true))
            .count()
    };
    assert_eq!(paid(&breaker), 10);
    breaker.reset();
    assert_eq!(paid(&breaker), 10);
}

/// A probe that was let in before the reset says nothing about the circuit that is probed after it.
#[tokio::test(start_paused = true)]
async fn a_reset_while_a_probe_is_under_way() {
    let breaker = breaker().failure_threshold(1);
    for outcome in [Permit::success, Permit::failure, drop] {
        fail(&breaker, 1);
        advance(2 * SECOND).await;
        let old = breaker.try_acquire().expect("a probe");
        breaker.reset();
        fail(&breaker, 1);
        advance(2 * SECOND).await;
        let new = breaker.try_acquire().expect("a probe of this outage");
        outcome(old);
        assert_eq!(breaker.state(), State::HalfOpen);
        assert_eq!(breaker.snapshot().probes, 1);
        new.success();
        assert_eq!(breaker.state(), State::Closed);
    }
}

/// What it would refuse is told, with what it would have said.
#[tokio::test(start_paused = true)]
async fn observing_tells_what_it_would_refuse() {
    let breaker = breaker().failure_threshold(1);
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = told.clone();
    breaker.on_event(move |event| {
        let mut told = teller.lock().expect("no one panics holding it");
        match event {
            BreakerEvent::Refused {
                retry_after,
                passes,
                ..
            } => told.push((*passes, !retry_after.is_zero())),
            BreakerEvent::Stale { .. } => told.push((false, false)),
            _ => {}
        }
    });
    let take = || std::mem::take(&mut *told.lock().expect("no one panics holding it"));
    fail(&breaker, 1);
    assert!(breaker.try_acquire().is_err());
    assert_eq!(take(), [(false, true)]);
    breaker.observe_only(true);
    breaker.try_acquire().expect("nothing is refused").success();
    assert_eq!(take(), [(true, true)]);
    advance(2 * SECOND).await;
    let probe = breaker.try_acquire().expect("the probe");
    breaker.try_acquire().expect("nothing is refused").failure();
    assert_eq!(take(), [(true, false)]);
    probe.success();
    breaker.force_open(60 * SECOND);
    breaker.try_acquire().expect("nothing is refused").failure();
    assert_eq!(breaker.state(), State::ForcedOpen, "the order stands");
    assert_eq!(breaker.retry_after(), Duration::ZERO);
    assert_eq!(take(), [(true, true)]);
    breaker.observe_only(false);
    assert!(breaker.try_acquire().is_err());
    assert_eq!(breaker.retry_after(), 60 * SECOND);
    assert_eq!(take(), [(false, true)]);
}

/// A window that slides is emptied when the circuit closes, as it is when the circuit refuses calls: else it would open again at once.
#[tokio::test(start_paused = true)]
async fn observing_shows_what_it_would_do_after_an_outage() {
    for observe in [false, true] {
        let breaker = breaker().failure_rate_of_time(50, 60 * SECOND, 4);
        breaker.observe_only(observe);
        let changes = Arc::new(Mutex::new(Vec::new()));
        let teller = changes.clone();
        breaker.on_transition(move |transition| {
            let mut changes = teller.lock().expect("no one panics holding it");
            changes.push(transition.to);
        });
        fail(&breaker, 8);
        advance(2 * SECOND).await;
        for _ in 0..8 {
            breaker
                .try_acquire()
                .expect("the probe, or closed")
                .success();
        }
        let expected = [State::Open, State::HalfOpen, State::Closed];
        assert_eq!(
            *changes.lock().expect("not poisoned"),
            expected,
            "{observe}"
        );
        // To say so once more is no new beginning.
        breaker.observe_only(observe);
        assert_eq!(breaker.snapshot().calls, 7, "those after the probe");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_counts_for_nothing_is_told_as_stale_only() {
    let breaker = breaker();
    let told = Arc::new(Mutex::new(Vec::new()));
    let late = breaker.try_acquire().expect("closed");
    breaker.reset();
    let teller = told.clone();
    breaker.on_event(move |event| {
        let mut told = teller.lock().expect("no one panics holding it");
        told.push(*event);
    });
    late.failure();
    let told = told.lock().expect("not poisoned");
    assert!(matches!(told[..], [BreakerEvent::Stale { .. }]), "{told:?}");
}
