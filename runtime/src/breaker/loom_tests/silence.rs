//! Times of which the word has the low bits only, and what is noted of them beside it.

use super::*;
use crate::breaker::note::explored;

/// After so long the low bits of a window's start are the same again, and those of a lease.
const WINDOW_RING_MS: u64 = 1 << 20;
const LEASE_RING_MS: u64 = 1 << 22;

/// Notes are steps of the model here.
fn explored(breaker: Breaker) -> Subject {
    explored::begin();
    let subject = Subject::new(breaker);
    let _ = subject.breaker.record().note.whole_ms();
    subject
}

fn fail(breaker: &Breaker) {
    if let Ok(permit) = breaker.try_acquire() {
        permit.failure();
    }
}

/// Whoever notes something last has seen the word as it is.
#[test]
fn the_time_of_the_last_change_is_what_is_noted_in_the_end() {
    explore(|| {
        let subject = explored(Breaker::new("loom").failure_threshold(9));
        let later = |breaker: &Breaker| {
            clock::advance(7);
            fail(breaker);
        };
        let threads = [subject.spawn(fail), subject.spawn(later)];
        for thread in threads {
            joined(thread);
        }
        let breaker = &subject.breaker;
        assert_eq!(breaker.snapshot().failures, 2);
        let (word, long_after_ms) = (breaker.word(), now_ms() + (1 << 28));
        assert_ne!(breaker.brought_up_to(word, long_after_ms), word);
    });
}

/// The old failure is forgotten, and neither of the new ones with it.
#[test]
fn two_failures_begin_a_window_after_a_silence() {
    explore(|| {
        let rate = Breaker::new("loom").failure_rate(100, 3, Duration::from_secs(60));
        let subject = explored(rate);
        fail(&subject.breaker);
        clock::advance(WINDOW_RING_MS + 1);
        subject.spawn_all(2, fail);
        let snapshot = subject.breaker.snapshot();
        assert_eq!((snapshot.state, snapshot.failures), (State::Closed, 2));
    });
}

/// To the millisecond after a whole ring, the note may look as if it were of the new window: then a failure is lost, but none is made up.
#[test]
fn no_failure_from_before_a_silence_counts() {
    explore(|| {
        let rate = Breaker::new("loom").failure_rate(100, 3, Duration::from_secs(60));
        let subject = explored(rate);
        fail(&subject.breaker);
        clock::advance(WINDOW_RING_MS);
        subject.spawn_all(2, fail);
        let snapshot = subject.breaker.snapshot();
        assert_eq!(snapshot.state, State::Closed);
        assert!((1..=2).contains(&snapshot.failures), "{snapshot:?}");
    });
}

#[test]
fn one_probe_in_place_of_one_that_was_lost_long_ago() {
    explore(|| {
        let breaker = Breaker::new("loom").failure_threshold(1);
        let subject = explored(breaker.probe_lease(Duration::from_secs(90)));
        fail(&subject.breaker);
        clock::advance(LONG_MS);
        assert!(admit_for_good(&subject.breaker).is_some());
        clock::advance(LEASE_RING_MS + 1);
        let probes = subject.spawn_all(2, |breaker| admit_for_good(breaker).is_some());
        let probes = probes.into_iter().filter(|is_probe| *is_probe).count();
        assert_eq!(probes, 1);
        subject.assert_works_again();
    });
}
