//! The settings of a policy, checked where they are made: by the compiler, for a `static`. The rules are those of the attribute's options.

use std::time::Duration;

use super::{FallbackLimit, Policy};
use crate::breaker::Breaker;
use crate::settings::FallbackOn;
use crate::{Backoff, Bulkhead, ServedBy, defaults};

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
        self.check_hedge();
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
        self.check_hedge();
        self
    }

    /// A second attempt starts beside the first where that has not answered within this time, and the first good answer counts; there is none
    /// unless told. For reads whose slowest calls matter: a time about as long as 95 % of the calls take.
    ///
    /// * The other one is dropped, and not waited for. An attempt that fails is not followed by a hedge that was not started before; its retries are.
    /// * At most 5 % of this policy's attempts, and 10 at once at the beginning, have one; and one asks the breaker and the [`limit`](Self::limit) as
    ///   every attempt does. A half-open circuit, and a call while the [kill switch](crate::kill_switch) is engaged, has none.
    /// * Over a connection of the feature `connection`, a hedge travels over another connection than the first attempt; and one that would send a command
    ///   that must not be repeated is given up, unless [`idempotent(true)`](Self::idempotent) is said. A connection of redis-rs carries both, and
    ///   what holds up the first attempt there holds up the second one.
    ///
    /// Blocking closures are not hedged.
    ///
    /// ```
    /// use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
    /// use redis_resilient::Policy;
    /// use std::time::Duration;
    ///
    /// static USERS: Policy = Policy::new("users").hedge(Duration::from_millis(20));
    ///
    /// // Where one of two connections is held up, the other one answers.
    /// async fn user_name(conns: &[MultiplexedConnection; 2], id: u64) -> RedisResult<Option<String>> {
    ///     let mut conns = conns.iter().cycle();
    ///     USERS
    ///         .run(|| {
    ///             let mut conn = conns.next().expect("there are two").clone();
    ///             async move { conn.get(format!("user:{id}")).await }
    ///         })
    ///         .await
    /// }
    /// ```
    ///
    /// # Panics
    /// If it is zero, or not shorter than a `timeout` or `deadline`; with `idempotent(false)`. At compile time in a `static`.
    #[must_use]
    pub const fn hedge(mut self, after: Duration) -> Self {
        assert!(
            !after.is_zero(),
            "`hedge` cannot be zero: leave `hedge` out to have none"
        );
        self.settings = self.settings.hedge(after);
        self.check_hedge();
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

    /// Who the fallback is, for logs and observers: for crates of this workspace.
    #[doc(hidden)]
    #[must_use]
    pub const fn served_by(mut self, served_by: ServedBy) -> Self {
        self.settings.served_by = served_by;
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
    ///
    /// # Panics
    /// If it may not, with a [`hedge`](Self::hedge); at compile time in a `static`.
    #[must_use]
    pub const fn idempotent(mut self, idempotent: bool) -> Self {
        self.settings = self.settings.idempotent(idempotent);
        self.check_hedge();
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

    const fn check_hedge(&self) {
        let Some(after) = self.settings.hedge else {
            return;
        };
        assert!(
            !matches!(self.settings.says_idempotent(), Some(false)),
            "`hedge` sends the command a second time, which `idempotent(false)` rules out: remove one of the two"
        );
        assert!(
            is_within(after, self.settings.timeout) && is_within(after, self.settings.deadline),
            "`hedge` is to be shorter than `timeout` and `deadline`: the attempt would be cut off before a second one starts"
        );
    }

    const fn check_budget(&self) {
        assert!(
            self.settings.budgeted || self.breaker.is_some(),
            "`without_budget()` says nothing with `without_breaker()`, for the budget is the breaker's: remove it"
        );
    }
}

const fn is_within(time: Duration, limit: Option<Duration>) -> bool {
    match limit {
        Some(limit) => time.as_nanos() < limit.as_nanos(),
        None => true,
    }
}
