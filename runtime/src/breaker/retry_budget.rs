//! The setting of what the retries of all functions on a breaker may draw on.

use super::Breaker;
use crate::budget::{self, Budget, Rate};

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
            percent <= budget::MAX_PERCENT,
            "the percent of a retry_budget have to be between 0 and 100"
        );
        assert!(
            per_second > 0 && per_second <= budget::MAX_PER_SECOND,
            "the retries per_second of a retry_budget have to be between 1 and 1000"
        );
        self.budget = Budget::with(Rate::new(percent, per_second));
        self
    }

    /// How many retries the [budget](Self::retry_budget) would pay for now.
    ///
    /// ```
    /// use redis_resilient::Breaker;
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions").retry_budget(10, 50);
    /// assert_eq!(SESSIONS.retry_tokens(), 500);
    /// ```
    #[must_use]
    pub fn retry_tokens(&self) -> u32 {
        self.budget.tokens()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
