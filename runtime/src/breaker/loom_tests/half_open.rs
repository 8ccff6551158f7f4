//! Who becomes a probe, and what becomes of its permit.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::AtomicU64 as Count;

use super::*;

fn probes_of_three(breaker: &Breaker) -> usize {
    usize::from(admit_for_good(breaker).is_some())
}

#[test]
fn one_probe_when_the_wait_is_over() {
    explore(|| {
        let subject = Subject::due(Breaker::new("loom"));
        let probes: usize = subject.spawn_all(3, probes_of_three).into_iter().sum();
        assert_eq!(probes, 1);
        let snapshot = subject.breaker.snapshot();
        assert_eq!((snapshot.state, snapshot.probes), (State::HalfOpen, 1));
        assert_eq!(subject.breaker.word().generation(), 2);
        assert_eq!(subject.told(), [(State::Open, State::HalfOpen)]);
    });
}

#[test]
fn two_probes_when_there_are_two_permits() {
    explore(|| {
        let subject = Subject::due(
            Breaker::new("loom")
                .half_open_permits(2)
                .success_threshold(2),
        );
        let probes: usize = subject.spawn_all(3, probes_of_three).into_iter().sum();
        assert_eq!((probes, subject.breaker.snapshot().probes), (2, 2));
        assert_eq!(subject.told(), [(State::Open, State::HalfOpen)]);
    });
}

/// A probe among at most `most`, which notes that it is under way until just before it is settled.
fn probe(breaker: &Breaker, live: &Count, most: u64, settle: fn(Permit<'_>)) {
    if let Ok(permit) = breaker.try_acquire() {
        assert!(permit.is_probe());
        assert!(
            live.fetch_add(1, Ordering::SeqCst) < most,
            "more probes than permits"
        );
        thread::yield_now();
        live.fetch_sub(1, Ordering::SeqCst);
        settle(permit);
    }
}

fn unwind(permit: Permit<'_>) {
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _permit = permit;
        resume_unwind(Box::new("the body panics"))
    }));
    assert!(unwound.is_err());
}

#[test]
fn dropped_probes_leave_neither_too_many_nor_a_lost_permit() {
    for (permits, threads) in [(1, 3), (2, 2)] {
        explore(move || {
            let subject = Subject::due(
                Breaker::new("loom")
                    .half_open_permits(permits)
                    .success_threshold(permits),
            );
            let live = Arc::new(Count::new(0));
            let threads: Vec<_> = (0..threads)
                .map(|_| {
                    let live = Arc::clone(&live);
                    subject.spawn(move |breaker| {
                        probe(breaker, &live, permits.into(), |permit| drop(permit));
                    })
                })
                .collect();
            threads.into_iter().for_each(joined);
            let snapshot = subject.breaker.snapshot();
            assert_eq!((snapshot.state, snapshot.probes), (State::HalfOpen, 0));
            // At once, not when a lease is over.
            assert!(subject.breaker.try_acquire().is_ok(), "a permit is lost");
        });
    }
}

#[test]
fn a_probe_that_panics_opens_it_and_is_not_one_too_many() {
    explore(|| {
        let subject = Subject::due(Breaker::new("loom"));
        let live = Arc::new(Count::new(0));
        // One that unwinds, for whether a thread panics is told for all threads of a model together; the other settles by hand.
        let settles: [fn(Permit<'_>); 2] = [unwind, |permit| permit.neutral()];
        let threads = settles.map(|settle| {
            let live = Arc::clone(&live);
            subject.spawn(move |breaker| probe(breaker, &live, 1, settle))
        });
        threads.into_iter().for_each(joined);
        let snapshot = subject.breaker.snapshot();
        match snapshot.state {
            State::Open => assert_eq!(snapshot.streak, 1),
            // The one that would have panicked found the other under way.
            State::HalfOpen => assert_eq!(snapshot.probes, 0),
            other => panic!("{other:?}"),
        }
        subject.assert_works_again();
    });
}

#[test]
fn a_permit_that_comes_back_goes_to_one() {
    explore(|| {
        let subject = Subject::due(Breaker::new("loom"));
        let seen = admit_for_good(&subject.breaker).expect("the probe");
        let back = subject.spawn(move |breaker| settle(breaker, seen, Outcome::Neutral));
        let probes: usize = subject.spawn_all(2, probes_of_three).into_iter().sum();
        joined(back);
        assert!(probes <= 1);
        assert_eq!(
            subject.breaker.snapshot().probes as usize,
            probes,
            "what is counted is what is out"
        );
    });
}

/// Two probes, and what comes of them at the same time.
fn two_probes(outcomes: [Outcome; 2]) -> Subject {
    let subject = Subject::due(
        Breaker::new("loom")
            .half_open_permits(2)
            .success_threshold(2),
    );
    let first = admit_for_good(&subject.breaker).expect("the first probe");
    let second = admit_for_good(&subject.breaker).expect("the second probe");
    subject.forget_told();
    let [one, two] = outcomes;
    let one = subject.spawn(move |breaker| settle(breaker, first, one));
    let two = subject.spawn(move |breaker| settle(breaker, second, two));
    joined(one);
    joined(two);
    subject
}

#[test]
fn two_successes_close_it_once() {
    explore(|| {
        let subject = two_probes([Outcome::Success; 2]);
        let word = subject.breaker.word();
        assert!(word.is_quiet());
        assert_eq!(word.generation(), 3);
        assert_eq!(subject.told(), [(State::HalfOpen, State::Closed)]);
    });
}

#[test]
fn a_failed_probe_opens_it_once_whatever_the_other_one_says() {
    for other in OUTCOMES {
        explore(move || {
            let subject = two_probes([Outcome::Failure, other]);
            let snapshot = subject.breaker.snapshot();
            assert_eq!((snapshot.state, snapshot.streak), (State::Open, 1));
            assert_eq!(subject.told(), [(State::HalfOpen, State::Open)]);
        });
    }
}

#[test]
fn a_lost_probe_is_replaced_once_and_takes_nobody_s_permit() {
    for outcome in OUTCOMES {
        explore(move || {
            let subject = Subject::due(Breaker::new("loom"));
            let hung = admit_for_good(&subject.breaker).expect("the probe");
            clock::advance(LONG_MS);
            subject.forget_told();
            let late = subject.spawn(move |breaker| settle(breaker, hung, outcome));
            let admitted: usize = subject.spawn_all(2, probes_of_three).into_iter().sum();
            joined(late);
            let snapshot = subject.breaker.snapshot();
            match (outcome, snapshot.state) {
                (_, State::HalfOpen) => assert_eq!(
                    (admitted, snapshot.probes, subject.told()),
                    (1, 1, vec![]),
                    "one took over, and its permit is still out"
                ),
                // It was just in time: nobody had taken its place.
                (Outcome::Success, State::Closed) | (Outcome::Failure, State::Open) => {
                    assert_eq!(subject.told(), [(State::HalfOpen, snapshot.state)]);
                }
                other => panic!("{other:?}"),
            }
        });
    }
}

#[test]
fn a_lease_that_is_over_makes_one_new_generation() {
    explore(|| {
        let subject = Subject::due(Breaker::new("loom"));
        let hung = admit_for_good(&subject.breaker).expect("the probe");
        clock::advance(LONG_MS);
        let probes: usize = subject.spawn_all(3, probes_of_three).into_iter().sum();
        let word = subject.breaker.word();
        assert_eq!((probes, word.generation()), (1, hung.generation() + 1));
    });
}
