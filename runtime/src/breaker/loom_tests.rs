//! The breaker in every interleaving of a few threads, with every value that a relaxed load may see.
//!
//! What a single step does is the business of `packed_state_tests`; here it is that steps which overlap leave what they would one after another.

mod half_open;
mod operator;
mod outcomes;
mod silence;

use std::sync::{Arc, Mutex};

use loom::thread::{self, JoinHandle};

use super::admission::Weight;
use super::*;
use crate::sync::{clock, explore};

/// Longer than any open period and any lease of these tests.
const LONG_MS: u64 = 100_000;

/// A breaker of one execution, and what it has told.
struct Subject {
    breaker: Arc<Breaker>,
    told: Arc<Mutex<Vec<(State, State)>>>,
}

impl Subject {
    fn new(breaker: Breaker) -> Self {
        let breaker = breaker.burst_window(Duration::ZERO);
        let told = Arc::new(Mutex::new(Vec::new()));
        let teller = Arc::clone(&told);
        breaker.on_transition(move |transition| {
            teller
                .lock()
                .expect("no listener panics")
                .push((transition.from, transition.to));
        });
        // The model's atomics are made by who first looks, which is to happen before all else.
        let _ = breaker.snapshot();
        Self {
            breaker: Arc::new(breaker),
            told,
        }
    }

    /// Open, with its period over.
    fn due(breaker: Breaker) -> Self {
        let subject = Self::new(breaker.failure_threshold(1));
        subject.breaker.try_acquire().expect("closed").failure();
        clock::advance(LONG_MS);
        subject.forget_told();
        subject
    }

    fn forget_told(&self) {
        self.told.lock().expect("no listener panics").clear();
    }

    /// The changes of state that were told, in an order that does not depend on which thread was faster at telling.
    fn told(&self) -> Vec<(State, State)> {
        let mut told = self.told.lock().expect("no listener panics").clone();
        told.sort_by_key(|(from, to)| (*from as u8, *to as u8));
        told
    }

    fn spawn<T: 'static>(&self, run: impl FnOnce(&Breaker) -> T + 'static) -> JoinHandle<T> {
        let breaker = Arc::clone(&self.breaker);
        thread::spawn(move || run(&breaker))
    }

    /// As many threads, and what each gave.
    fn spawn_all<T: 'static>(&self, threads: usize, run: fn(&Breaker) -> T) -> Vec<T> {
        let threads: Vec<_> = (0..threads).map(|_| self.spawn(run)).collect();
        threads.into_iter().map(joined).collect()
    }

    fn assert_works_again(&self) {
        clock::advance(LONG_MS);
        let probe = self.breaker.try_acquire().expect("not wedged");
        probe.success();
        assert_eq!(self.breaker.state(), State::Closed);
    }
}

fn joined<T>(thread: JoinHandle<T>) -> T {
    thread.join().expect("no thread of the model panics")
}

/// Admits a call that never says what came of it, and gives the word it was admitted under.
fn admit_for_good(breaker: &Breaker) -> Option<PackedState> {
    let permit = breaker.try_acquire().ok()?;
    let seen = breaker.word();
    std::mem::forget(permit);
    Some(seen)
}

/// The outcome of a call that was admitted under `seen`, on whatever thread.
fn settle(breaker: &Breaker, seen: PackedState, outcome: Outcome) {
    let weight = if seen.is_half_open() {
        Weight::Probe
    } else {
        Weight::Full
    };
    breaker.settle(Admission::admitted(seen, weight), outcome);
}

const OUTCOMES: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Neutral];
