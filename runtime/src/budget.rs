//! The retry budget: what all functions on one breaker may retry together.
//!
//! A token bucket in one atomic word, touched only by calls that have failed. What it decides is a pure function of that word and
//! the time.

mod account;

use std::sync::atomic::Ordering;

use self::account::Account;
pub(crate) use self::account::{MAX_PER_SECOND, MAX_PERCENT, Rate};
use crate::clock::now_ms;
use crate::sync::AtomicU64;

// All of the budget's data is in one word, so the order of that one location is all that matters.
const ORDER: Ordering = Ordering::Relaxed;

/// The retry budget of a breaker.
#[derive(Debug)]
pub(crate) struct Budget {
    account: AtomicU64,
    rate: Rate,
}

impl Budget {
    /// A full one: 20 % of the calls that fail, and 10 retries per second.
    pub(crate) const fn new() -> Self {
        Self::with(Rate::DEFAULT)
    }

    /// A full one, into which so much comes.
    pub(crate) const fn with(rate: Rate) -> Self {
        Self {
            account: AtomicU64::new(Account::FULL.bits()),
            rate,
        }
    }

    /// Pays for one retry, if there is enough; `first` if it is the first that its call asks for.
    #[cold]
    pub(crate) fn pays_for_retry(&self, first: bool) -> bool {
        self.pays_at(now_ms(), first)
    }

    fn pays_at(&self, now_ms: u64, first: bool) -> bool {
        let mut account = self.account.load(ORDER);
        loop {
            let (next, paid) = Account::from_bits(account).retry(&self.rate, first, now_ms);
            match self
                .account
                .compare_exchange_weak(account, next.bits(), ORDER, ORDER)
            {
                Ok(_) => return paid,
                Err(current) => account = current,
            }
        }
    }

    /// How many retries it would pay for now.
    pub(crate) fn tokens(&self) -> u32 {
        let account = Account::from_bits(self.account.load(ORDER));
        account.tokens(&self.rate, now_ms())
    }

    /// Makes it full.
    pub(crate) fn refill(&self) {
        self.account.store(Account::FULL.bits(), ORDER);
    }
}

#[cfg(all(test, rr_loom))]
mod loom_tests;
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn retries(budget: &Budget, asked: u32) -> usize {
        (0..asked).filter(|_| budget.pays_for_retry(false)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn follows_the_clock_and_is_full_again_after_ten_seconds() {
        let budget = Budget::new();
        assert_eq!(retries(&budget, 150), 100);
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(retries(&budget, 150), 5);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(retries(&budget, 150), 100);
        budget.refill();
        assert_eq!(retries(&budget, 150), 100);
    }

    #[test]
    fn threads_spend_no_token_twice() {
        const THREADS: usize = if cfg!(miri) { 2 } else { 8 };
        let budget = Budget::new();
        let spend = || (0..100).filter(|_| budget.pays_at(7, false)).count();
        let paid: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(spend)).collect();
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined.map(|paid| paid.expect("no thread panics")).sum()
        });
        assert_eq!(paid, 100);
    }
}
