//! How many hedges the calls of one function may start, so that a slow Redis is not asked twice as much.

use std::sync::atomic::{AtomicU32, Ordering};

// All of it is in one word.
const ORDER: Ordering = Ordering::Relaxed;

/// What a hedge costs, in thousandths of a token.
const TOKEN: u32 = 1000;
/// What each attempt brings: with it, a hedge for every twentieth.
const PER_ATTEMPT: u32 = TOKEN / 20;
/// At the beginning there is something already: a function that is seldom called would wait long for its first hedge.
const START: u32 = 10 * TOKEN;
/// So much is kept for a moment in which many calls are slow.
const MOST: u32 = 100 * TOKEN;

/// The tokens of one function, in a `static` beside it.
#[derive(Debug)]
pub struct HedgeBudget(AtomicU32);

impl HedgeBudget {
    /// Ten tokens.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is made in a `static`")]
    pub const fn new() -> Self {
        Self(AtomicU32::new(START))
    }

    /// An attempt is made. While the bucket is full, as it is where Redis is fast, nothing is written.
    #[inline]
    pub(crate) fn earn(&self) {
        let tokens = self.0.load(ORDER);
        if tokens < MOST {
            self.change(|tokens| Some(earned(tokens)));
        }
    }

    /// Pays for one hedge, if there is enough.
    pub(crate) fn pays(&self) -> bool {
        self.change(|tokens| tokens.checked_sub(TOKEN))
    }

    fn change(&self, next: impl Fn(u32) -> Option<u32>) -> bool {
        self.0.fetch_update(ORDER, ORDER, next).is_ok()
    }
}

fn earned(tokens: u32) -> u32 {
    tokens.saturating_add(PER_ATTEMPT).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(budget: &HedgeBudget, asked: u32) -> usize {
        (0..asked).filter(|_| budget.pays()).count()
    }

    #[test]
    fn every_twentieth_attempt_pays_for_a_hedge() {
        let budget = HedgeBudget::new();
        assert_eq!(paid(&budget, 50), 10);
        for _ in 0..19 {
            budget.earn();
        }
        assert!(!budget.pays());
        budget.earn();
        assert!(budget.pays() && !budget.pays());
    }

    #[test]
    fn no_more_than_a_hundred_are_kept() {
        let budget = HedgeBudget::new();
        for _ in 0..10_000 {
            budget.earn();
        }
        assert_eq!(paid(&budget, 200), 100);
    }

    #[test]
    fn threads_spend_no_token_twice() {
        let budget = HedgeBudget::new();
        let paid: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| paid(&budget, 10))).collect();
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined.map(|paid| paid.expect("no thread panics")).sum()
        });
        assert_eq!(paid, 10);
    }
}
