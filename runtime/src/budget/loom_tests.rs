//! The budget in every interleaving of a few threads.
//!
//! Not [`Budget::refill`] beside a payment: loom lets a plain store come between the two halves of a compare-exchange.

use std::sync::Arc;

use loom::thread;

use super::*;
use crate::sync::explore;

/// With `tokens` left, all at one time.
fn with_tokens(tokens: u32) -> Arc<Budget> {
    let budget = Budget::with(Rate::new(0, 1));
    // One per second: ten when it is full.
    for _ in tokens..10 {
        assert!(budget.pays_at(7, false));
    }
    Arc::new(budget)
}

fn paid(budget: &Arc<Budget>, threads: usize, retries: usize, now_ms: u64) -> usize {
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            let budget = Arc::clone(budget);
            thread::spawn(move || {
                (0..retries)
                    .filter(|_| budget.pays_at(now_ms, false))
                    .count()
            })
        })
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().expect("it does not panic"))
        .sum()
}

#[test]
fn no_token_is_spent_twice_and_none_is_lost() {
    explore(|| {
        let budget = with_tokens(2);
        assert_eq!(paid(&budget, 3, 1, 7), 2);
        assert!(!budget.pays_at(7, false));
    });
    explore(|| {
        let budget = with_tokens(3);
        assert_eq!(paid(&budget, 2, 2, 7), 3);
    });
}

#[test]
fn what_comes_with_time_comes_once() {
    explore(|| {
        let budget = with_tokens(0);
        assert_eq!(paid(&budget, 3, 1, 1007), 1, "one second, one token");
    });
}
