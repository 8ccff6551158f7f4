//! The retry budget: what all functions on one breaker may retry together.
//!
//! A token bucket in one atomic word, touched only by calls that have failed. What it decides is a pure function of that word and
//! the time.

mod account;

use std::sync::atomic::Ordering;

use self::account::Account;
pub(crate) use self::account::Rate;
use crate::Breaker;
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

    const fn with(rate: Rate) -> Self {
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

    /// Makes it full.
    pub(crate) fn refill(&self) {
        self.account.store(Account::FULL.bits(), ORDER);
    }
}

impl Breaker {
    /// How much all functions on this breaker may retry together: `percent` of the calls that fail, and `per_second` retries in each
    /// second beside that; 20 and 10 unless told.
    ///
    /// A limit on the retries of each call does not limit those of all: when Redis fails, four attempts for each call are four times
    /// the load. This is what keeps retries from making an outage worse, as in [Finagle's `RetryBudget`][finagle], from which the
    /// numbers are.
    ///
    /// It is a bucket of tokens, and each retry takes one:
    ///
    /// * `per_second` tokens come with each second, up to what comes in 10 s, where it is full (100 by default). It is full at first.
    /// * A call that has failed, and asks for its first retry, brings `percent` hundredths of a token.
    /// * Where there is not a whole token, there is no retry: the call ends with its own error or its fallback, and with an event.
    ///
    /// Within any time the retries are thus at most what a full bucket holds, `per_second` for each second, and `percent` hundredths
    /// of the calls that failed. Calls that succeed at once, and those whose failure is not one to retry, bring nothing: Finagle
    /// counts them all, for which each would have to write to memory that all share. Here a call that succeeds costs nothing,
    /// and `per_second` stands for the traffic of a healthy time: raise it for a breaker with more than a few hundred calls per second.
    /// A token is spent when the retry is decided on, whether it is then made or not.
    ///
    /// A function with `budget = false` neither asks nor pays.
    ///
    /// ```
    /// use redis_resilient::Breaker;
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions").retry_budget(10, 50);
    /// ```
    ///
    /// [finagle]: https://twitter.github.io/finagle/guide/Clients.html#retry-budget
    ///
    /// # Panics
    /// If `percent` is above 100, or `per_second` is not between 1 and 1000; at compile time in a `static`.
    #[must_use]
    pub const fn retry_budget(mut self, percent: u32, per_second: u32) -> Self {
        assert!(
            percent <= account::MAX_PERCENT,
            "the percent of a retry_budget have to be between 0 and 100"
        );
        assert!(
            per_second > 0 && per_second <= account::MAX_PER_SECOND,
            "the retries per_second of a retry_budget have to be between 1 and 1000"
        );
        self.budget.rate = Rate::new(percent, per_second);
        self
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

    #[test]
    fn numbers_that_make_no_sense_panic() {
        for (percent, per_second) in [(101, 10), (20, 0), (20, 1001), (u32::MAX, u32::MAX)] {
            let built =
                std::panic::catch_unwind(|| Breaker::new("b").retry_budget(percent, per_second));
            assert!(built.is_err(), "{percent} {per_second}");
        }
        for (percent, per_second) in [(0, 1), (100, 1000)] {
            let _ = Breaker::new("b").retry_budget(percent, per_second);
        }
    }
}
