//! The settings of a policy, checked where they are made: by the compiler, for a `static`. The rules are those of the attribute's options.

use std::time::Duration;

use super::{FallbackLimit, FallbackOn, Policy, defaults};
use crate::breaker::Breaker;
use crate::{Backoff, Bulkhead};

impl Policy {
    /// Attempts after the first; 3 unless told, which is at most 4 attempts.
    ///
    /// # Panics
    /// If it is over 100; at compile time in a `static`.
    #[must_use]
    pub const fn retries(mut self, retries: u32) -> Self {
        assert!(
            retries <= defaults::MAX_RETRIES,
            "`retries` is at most 100: more load is not what an outage needs; a longer `max_delay` bridges more time"
        );
        self.settings = self.settings.retries(retries);
        self
    }

    /// How long to wait between attempts; exponential from 50 ms to 1 s with full jitter unless told.
    ///
    /// # Panics
    /// If it makes no sense, as a factor under 1 or a delay of zero; at compile time in a `static`.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        if let Some(problem) = backoff.problem() {
            panic!("{}", problem.advice);
        }
        self.settings = self.settings.backoff(backoff);
        self
    }

    /// How long each attempt of an async closure may take before it is cut off; 1 s unless told.
    ///
    /// A blocking closure cannot be cut off: there set the read timeout of the connection.
    ///
    /// # Panics
    /// If it is zero, or not under a `deadline` that is set; at compile time in a `static`.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "`timeout` cannot be zero: write `without_timeout()` to switch it off"
        );
        self.settings = self.settings.timeout(timeout);
        self.sets_timeout = true;
        self.check_deadline();
        self
    }

    /// An attempt may take as long as it likes, as a `BLPOP` has to.
    #[must_use]
    pub const fn without_timeout(mut self) -> Self {
        self.settings = self.settings.no_timeout();
        self.sets_timeout = false;
        self
    }

    /// How long all attempts and pauses may take together; there is no such limit unless told.
    ///
    /// A pause that would not fit is not begun. An attempt of an async closure gets what is left. The fallback comes on top.
    ///
    /// # Panics
    /// If it is zero, or not longer than a `timeout` that is set; at compile time in a `static`.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        assert!(
            !deadline.is_zero(),
            "`deadline` cannot be zero: leave `deadline` out to have none"
        );
        self.settings = self.settings.deadline(deadline);
        self.check_deadline();
        self
    }

    /// The circuit breaker that every attempt asks first; [`DEFAULT_BREAKER`](crate::DEFAULT_BREAKER) unless told.
    ///
    /// `breaker(connector.breaker())` is that of the Redis which a `Connector` leads to.
    #[must_use]
    pub const fn breaker(mut self, breaker: &'static Breaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// No circuit breaker, and with it no retry budget.
    ///
    /// # Panics
    /// After [`without_budget`](Self::without_budget), which says nothing then; at compile time in a `static`.
    #[must_use]
    pub const fn without_breaker(mut self) -> Self {
        self.breaker = None;
        self.check_budget();
        self
    }

    /// Retries do not draw on the [retry budget](Breaker::retry_budget) of the breaker.
    ///
    /// # Panics
    /// Without a breaker, whose budget it is; at compile time in a `static`.
    #[must_use]
    pub const fn without_budget(mut self) -> Self {
        self.settings = self.settings.no_budget();
        self.check_budget();
        self
    }

    /// How many attempts may run at once, of all policies and functions that name the same `Bulkhead`; there is no such limit unless told.
    ///
    /// Each attempt takes a permit after the breaker has let it pass, and gives it back when it is over, cut off or cancelled, or panics. One for
    /// which there is none is not made and does not wait: the call ends with [`Rejection::Saturated`](crate::Rejection::Saturated) or its
    /// fallback, without a retry, and the breaker does not count it.
    #[must_use]
    pub const fn limit(mut self, bulkhead: &'static Bulkhead) -> Self {
        self.limit = Some(bulkhead);
        self
    }

    /// The limit of calls in the fallback, shared with all others that name this `Bulkhead`; 64 calls of this policy unless told.
    ///
    /// A call for which there is no room returns its own error, or [`Rejection::Saturated`](crate::Rejection::Saturated) if it has none.
    #[must_use]
    pub const fn fallback_limit(mut self, bulkhead: &'static Bulkhead) -> Self {
        self.fallback_limit = FallbackLimit::Shared(bulkhead);
        self
    }

    /// So many calls of this policy may be in the fallback at once; 64 unless told.
    ///
    /// # Panics
    /// If it is zero; at compile time in a `static`.
    #[must_use]
    pub const fn fallback_calls(mut self, calls: u32) -> Self {
        assert!(
            calls > 0,
            "no call would get its fallback: use `run` to have none, or write `without_fallback_limit()` to let all calls into it"
        );
        self.own_fallback_limit.resize(calls);
        self.fallback_limit = FallbackLimit::Own;
        self
    }

    /// All calls may be in the fallback at once.
    #[must_use]
    pub const fn without_fallback_limit(mut self) -> Self {
        self.fallback_limit = FallbackLimit::None;
        self
    }

    /// For which failures the fallback answers; [`FallbackOn::Unusable`] unless told.
    #[must_use]
    pub const fn fallback_on(mut self, failures: FallbackOn) -> Self {
        self.fallback_on = failures;
        self
    }

    /// Whether the closure may run again although Redis may have executed its command already. Unless told it may, except for commands of which
    /// the connection knows that they must not be repeated.
    #[must_use]
    pub const fn idempotent(mut self, idempotent: bool) -> Self {
        self.settings = self.settings.idempotent(idempotent);
        self
    }

    const fn check_deadline(&self) {
        let (Some(deadline), Some(timeout)) = (self.settings.deadline, self.settings.timeout)
        else {
            return;
        };
        assert!(
            !self.sets_timeout || deadline.as_nanos() > timeout.as_nanos(),
            "`deadline` is for all attempts together and has to be longer than `timeout`, which is for each: no retry would fit; \
             raise `deadline`, or lower `timeout`"
        );
    }

    const fn check_budget(&self) {
        assert!(
            self.settings.budgeted || self.breaker.is_some(),
            "`without_budget()` says nothing with `without_breaker()`, for the budget is the breaker's: remove it"
        );
    }
}
