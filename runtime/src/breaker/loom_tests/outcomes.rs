//! Outcomes of calls that overlap, of a closed circuit and of one that is open by now.

use super::*;

#[test]
fn failures_open_it_once_and_it_is_told_once() {
    explore(|| {
        let subject = Subject::new(Breaker::new("loom").failure_threshold(2));
        subject.spawn_all(3, |breaker| {
            if let Ok(permit) = breaker.try_acquire() {
                permit.failure();
            }
        });
        let word = subject.breaker.word();
        assert!(matches!(word.phase(), Phase::Open { streak: 0, .. }));
        assert_eq!(word.generation(), 1);
        assert_eq!(subject.told(), [(State::Closed, State::Open)]);
    });
}

#[test]
fn a_sliding_window_opens_it_once() {
    explore(|| {
        // Each of them finds that it opens the circuit.
        let subject = Subject::new(Breaker::new("loom").failure_rate_of_calls(100, 8, 1));
        subject.spawn_all(2, |breaker| {
            if let Ok(permit) = breaker.try_acquire() {
                permit.failure();
            }
        });
        assert_eq!(subject.breaker.word().generation(), 1);
        assert_eq!(subject.told(), [(State::Closed, State::Open)]);
    });
}

#[test]
fn no_failure_is_lost() {
    explore(|| {
        let subject = Subject::new(Breaker::new("loom").failure_threshold(9));
        subject.spawn_all(2, |breaker| {
            for _ in 0..2 {
                breaker.try_acquire().expect("closed").failure();
            }
        });
        assert_eq!(subject.breaker.snapshot().failures, 4);
    });
}

#[test]
fn a_success_and_a_failure_come_one_after_the_other() {
    explore(|| {
        let subject = Subject::new(Breaker::new("loom").failure_threshold(3));
        subject.breaker.try_acquire().expect("closed").failure();
        let success = subject.spawn(|breaker| breaker.try_acquire().expect("closed").success());
        let failure = subject.spawn(|breaker| breaker.try_acquire().expect("closed").failure());
        joined(success);
        joined(failure);
        let failures = subject.breaker.snapshot().failures;
        assert!(failures <= 1, "two, and the success is lost");
        assert_eq!(subject.breaker.state(), State::Closed);
    });
}

#[test]
fn a_success_after_a_failure_that_it_knows_of_is_counted() {
    explore(|| {
        let subject = Subject::new(Breaker::new("loom").failure_threshold(2));
        // Admitted while all was well; the failure comes before its own end.
        let seen = admit_for_good(&subject.breaker).expect("closed");
        joined(subject.spawn(|breaker| breaker.try_acquire().expect("closed").failure()));
        settle(&subject.breaker, seen, Outcome::Success);
        assert_eq!(subject.breaker.snapshot().failures, 0);
    });
}

#[test]
fn stale_outcomes_change_nothing() {
    for outcome in OUTCOMES {
        explore(move || {
            let subject = Subject::new(Breaker::new("loom").failure_threshold(1));
            let old = admit_for_good(&subject.breaker).expect("closed");
            subject.breaker.try_acquire().expect("closed").failure();
            clock::advance(LONG_MS);
            let late = subject.spawn(move |breaker| settle(breaker, old, outcome));
            let probe = subject.breaker.try_acquire().expect("the probe");
            assert!(probe.is_probe());
            joined(late);
            assert_eq!(subject.breaker.state(), State::HalfOpen);
            assert_eq!(subject.breaker.snapshot().probes, 1);
            probe.success();
            assert_eq!(subject.breaker.state(), State::Closed);
        });
    }
}

#[test]
fn a_late_outcome_and_the_trip_it_missed() {
    for outcome in OUTCOMES {
        explore(move || {
            let subject = Subject::new(Breaker::new("loom").failure_threshold(2));
            subject.breaker.try_acquire().expect("closed").failure();
            let seen = admit_for_good(&subject.breaker).expect("closed");
            let late = subject.spawn(move |breaker| settle(breaker, seen, outcome));
            let failure = subject.spawn(move |breaker| settle(breaker, seen, Outcome::Failure));
            joined(late);
            joined(failure);
            let (state, failures) = {
                let snapshot = subject.breaker.snapshot();
                (snapshot.state, snapshot.failures)
            };
            let told = subject.told();
            match (outcome, state) {
                // It came first, and forgave the failure before; the other one is the first again.
                (Outcome::Success, State::Closed) => {
                    assert_eq!((failures, told.len()), (1, 0));
                }
                (_, State::Open) => assert_eq!(told, [(State::Closed, State::Open)]),
                other => panic!("{other:?}"),
            }
        });
    }
}

/// Status and time of opening in two places, as Hystrix had them: the model that finds nothing in our word finds the fault there.
mod two_words {
    use loom::sync::atomic::{AtomicU64, Ordering};
    use loom::thread;
    use std::sync::Arc;

    const CLOSED: u64 = 0;
    const OPEN: u64 = 1;
    const HALF_OPEN: u64 = 2;
    const NEVER: u64 = 0;

    #[test]
    #[should_panic(expected = "open for ever")]
    fn hystrix_1806_is_found_in_a_breaker_of_two_words() {
        loom::model(|| {
            let words = Arc::new((AtomicU64::new(HALF_OPEN), AtomicU64::new(50)));
            let swap = |status: &AtomicU64, from, to| {
                status
                    .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst)
                    .is_ok()
            };
            let closes = thread::spawn({
                let words = Arc::clone(&words);
                move || {
                    if swap(&words.0, HALF_OPEN, CLOSED) {
                        words.1.store(NEVER, Ordering::SeqCst);
                    }
                }
            });
            if swap(&words.0, CLOSED, OPEN) {
                words.1.store(99, Ordering::SeqCst);
            }
            closes.join().expect("it does not panic");
            let (status, opened) = (
                words.0.load(Ordering::SeqCst),
                words.1.load(Ordering::SeqCst),
            );
            assert!((status, opened) != (OPEN, NEVER), "open for ever");
        });
    }
}
