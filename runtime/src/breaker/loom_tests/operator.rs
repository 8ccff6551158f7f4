//! An operator's orders, against what the circuit does by itself at the same time.

use super::*;

type Step = Box<dyn FnOnce(&Breaker)>;

/// Threads that each do one thing to the same breaker.
fn all(subject: &Subject, steps: Vec<Step>) {
    let threads: Vec<_> = steps.into_iter().map(|step| subject.spawn(step)).collect();
    threads.into_iter().for_each(joined);
}

fn fail(breaker: &Breaker) {
    if let Ok(permit) = breaker.try_acquire() {
        permit.failure();
    }
}

/// Each change begins where another ended, whatever the order in which they were told.
fn assert_told_is_one_way(subject: &Subject, start: State) {
    let (mut left, mut entered): (Vec<_>, Vec<_>) = subject.told().into_iter().unzip();
    left.push(subject.breaker.state());
    entered.push(start);
    for states in [&mut left, &mut entered] {
        states.sort_by_key(|state| *state as u8);
    }
    assert_eq!(left, entered);
}

#[test]
fn no_outcome_undoes_an_order() {
    for (order, ordered) in [
        (
            (|breaker| breaker.force_open(None)) as fn(&Breaker),
            State::ForcedOpen,
        ),
        (Breaker::force_closed, State::ForcedClosed),
        (Breaker::disable, State::Disabled),
    ] {
        explore(move || {
            let subject = Subject::new(Breaker::new("loom").failure_threshold(1));
            all(
                &subject,
                vec![Box::new(order), Box::new(fail), Box::new(fail)],
            );
            assert_eq!(subject.breaker.state(), ordered);
            assert_told_is_one_way(&subject, State::Closed);
        });
    }
}

#[test]
fn no_sliding_window_undoes_an_order() {
    explore(|| {
        let subject = Subject::new(Breaker::new("loom").failure_rate_of_calls(100, 8, 1));
        all(&subject, vec![Box::new(Breaker::disable), Box::new(fail)]);
        assert_eq!(subject.breaker.state(), State::Disabled);
        assert_told_is_one_way(&subject, State::Closed);
    });
}

#[test]
fn no_probe_undoes_an_order() {
    for outcome in OUTCOMES {
        explore(move || {
            let subject = Subject::due(Breaker::new("loom"));
            let seen = admit_for_good(&subject.breaker).expect("the probe");
            clock::advance(LONG_MS);
            subject.forget_told();
            all(
                &subject,
                vec![
                    Box::new(|breaker| breaker.force_open(None)),
                    Box::new(move |breaker| settle(breaker, seen, outcome)),
                    // The lease is over: one that takes the probe's place.
                    Box::new(|breaker| {
                        let _ = admit_for_good(breaker);
                    }),
                ],
            );
            assert_eq!(subject.breaker.state(), State::ForcedOpen);
            assert!(subject.breaker.try_acquire().is_err());
            assert_told_is_one_way(&subject, State::HalfOpen);
        });
    }
}

#[test]
fn an_order_that_ends_lets_one_probe_through() {
    explore(|| {
        let subject = Subject::new(Breaker::new("loom"));
        subject.breaker.force_open(Duration::from_millis(1));
        clock::advance(1);
        let admitted = subject.spawn_all(3, |breaker| admit_for_good(breaker).is_some());
        assert_eq!(admitted.into_iter().filter(|is| *is).count(), 1);
        assert_eq!(subject.breaker.state(), State::HalfOpen);
    });
}

#[test]
fn a_reset_is_the_end_of_all_that_was_under_way() {
    for outcome in OUTCOMES {
        explore(move || {
            let subject = Subject::new(Breaker::new("loom").failure_threshold(2));
            subject.breaker.try_acquire().expect("closed").failure();
            let seen = admit_for_good(&subject.breaker).expect("closed");
            all(
                &subject,
                vec![
                    Box::new(Breaker::reset),
                    Box::new(move |breaker| settle(breaker, seen, outcome)),
                ],
            );
            assert!(subject.breaker.word().is_quiet());
            assert_told_is_one_way(&subject, State::Closed);
        });
    }
}

#[test]
fn a_reset_closes_a_circuit_whatever_its_probe_says() {
    for outcome in OUTCOMES {
        explore(move || {
            let subject = Subject::due(Breaker::new("loom"));
            let seen = admit_for_good(&subject.breaker).expect("the probe");
            subject.forget_told();
            all(
                &subject,
                vec![
                    Box::new(Breaker::reset),
                    Box::new(move |breaker| settle(breaker, seen, outcome)),
                ],
            );
            assert!(subject.breaker.word().is_quiet());
            assert_told_is_one_way(&subject, State::HalfOpen);
        });
    }
}

#[test]
fn of_two_operators_one_is_the_last() {
    explore(|| {
        let subject = Subject::new(Breaker::new("loom"));
        all(
            &subject,
            vec![
                Box::new(|breaker| breaker.force_open(None)),
                Box::new(Breaker::reset),
            ],
        );
        assert_eq!(subject.breaker.word().generation(), 2);
        assert_told_is_one_way(&subject, State::Closed);
    });
}
