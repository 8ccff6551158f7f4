//! What a failure means, and what follows from it.
//!
//! Circle: `class::pools`, `class::redis`, `class::tagged`: the class of a wrapped error is that of the one in it, which may be of any of these kinds.

use std::error::Error;

pub(crate) mod lost_source;
mod pools;
pub(crate) mod redis;
pub(crate) mod sender;
pub(crate) mod tagged;

pub use pools::never_sent;

use crate::chain;

/// What the failure of one attempt means for retries, the breaker and the fallback.
///
/// | class | for example | retried | for the breaker | fallback |
/// |---|---|---|---|---|
/// | `Unreachable` | connection refused, unknown host, no Sentinel primary, no connection in a pool | yes | failure | yes |
/// | `Unavailable` | `LOADING`, `BUSY`, `TRYAGAIN`, `CLUSTERDOWN`, `MASTERDOWN`, `READONLY` | yes | failure | yes |
/// | `WriteRefused` | `OOM`, `MISCONF`, `NOREPLICAS` | yes | neutral | yes |
/// | `Ambiguous` | timeout, reset, broken pipe, cut reply | unless `idempotent = false` | failure | yes |
/// | `NotIdempotent` | the same for an `INCR`, where the connection knows or the function's body shows it | if `idempotent = true` | failure | yes |
/// | `Permanent` | `WRONGTYPE`, a reply of the wrong type | no | success | no |
/// | `Misconfigured` | a wrong password, `NOAUTH`, `NOPERM`, a bad URL, an empty command | no | neutral | yes, and an `ERROR` event tells; not with `fallback_on = "outage"` |
/// | `Rejected` | a nested function's breaker is open, a lock is held by somebody else | no | neutral | yes |
/// | `NotRedis` | no Redis error in the chain, or an option's value that makes no sense | no | neutral | no |
///
/// Redis-rs's own `RedisError::retry_method` is not used: it calls a reply of the wrong type a reason to reconnect, and
/// a full or busy server permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Redis was not reached: the command was never sent.
    Unreachable,
    /// Redis answered that it cannot serve now: the command was not executed.
    Unavailable,
    /// Redis refuses writes for now and still serves reads: the command was not executed.
    WriteRefused,
    /// Nobody knows whether Redis executed the command.
    Ambiguous,
    /// Nobody knows whether Redis executed the command, and to execute it twice is not the same as once.
    ///
    /// A connection that looks at what it sends can tell, such as the one of the feature `connection`; of any other, what shows in the body
    /// of an annotated function that does not say whether it is `idempotent`.
    NotIdempotent,
    /// Redis answered, and will answer the same again.
    Permanent,
    /// Nothing can be done with these credentials or settings, whether or not Redis is well: only its operator can mend that. A fallback that
    /// is there answers meanwhile.
    ///
    /// An option of the attribute whose value makes no sense ([`Rejection::Misconfigured`](crate::Rejection::Misconfigured)) is a mistake of
    /// the program: it is [`NotRedis`](Self::NotRedis), and no fallback hides it.
    Misconfigured,
    /// Refused by this crate: the circuit of another function, called by this one, is open, a bulkhead is full, or a lock is not the caller's.
    Rejected,
    /// Not about Redis.
    ///
    /// Nor does it say that Redis is there. A half-open circuit is not closed by such failures: a function that often fails with one after
    /// Redis has answered (`Ok(None)` made into a "not found") should `classify` it as [`Permanent`](Self::Permanent).
    NotRedis,
}

/// Says what a failure means, for error types of your own.
///
/// Needed only for types that are not `std::error::Error + 'static`, and for those that know better than the Redis error
/// they carry. `RedisError`, enums made by `thiserror`, `anyhow`, `eyre` and `Box<dyn Error>` work without.
///
/// ```
/// use redis_resilient::{Class, Classify};
///
/// enum StoreError { Busy, NotFound }
///
/// impl Classify for StoreError {
///     fn class(&self) -> Class {
///         match self {
///             StoreError::Busy => Class::Unavailable,
///             StoreError::NotFound => Class::Permanent,
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`#[redis_resilient]` cannot tell whether `{Self}` is worth a retry",
    label = "the function fails with this type",
    note = "`{Self}` is neither `std::error::Error + 'static` nor a wrapper like `anyhow::Error`",
    note = "implement `redis_resilient::Classify` for `{Self}`, or say it in place: `classify = |error| Class::Ambiguous`"
)]
pub trait Classify {
    /// What this failure means.
    fn class(&self) -> Class;
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) retry: bool,
    pub(crate) breaker: Outcome,
    pub(crate) fallback: bool,
}

/// What an attempt says about Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    Neutral,
}

impl Class {
    /// The class of any error, by the first link of its chain that says something about Redis.
    ///
    /// This is what the attribute does by itself; a `classify` of your own can fall back on it.
    ///
    /// ```
    /// use redis_resilient::Class;
    /// use std::io;
    ///
    /// let refused = redis::RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused));
    /// assert_eq!(Class::of(&refused), Class::Unreachable);
    /// ```
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        chain::find_map(error, &mut redis::class_of_link).unwrap_or(Self::NotRedis)
    }

    /// What a failure of this class says about Redis.
    pub(crate) const fn settlement(self) -> Outcome {
        self.verdict(None).breaker
    }

    /// `idempotent` is what the function says of itself, if it says anything.
    pub(crate) const fn verdict(self, idempotent: Option<bool>) -> Verdict {
        use Outcome::{Failure, Neutral, Success};
        let (retry, breaker, fallback) = match self {
            Self::Unreachable | Self::Unavailable => (true, Failure, true),
            Self::WriteRefused => (true, Neutral, true),
            Self::Ambiguous => (!matches!(idempotent, Some(false)), Failure, true),
            Self::NotIdempotent => (matches!(idempotent, Some(true)), Failure, true),
            Self::Permanent => (false, Success, false),
            Self::Rejected | Self::Misconfigured => (false, Neutral, true),
            Self::NotRedis => (false, Neutral, false),
        };
        Verdict {
            retry,
            breaker,
            fallback,
        }
    }

    /// As it is written in logs, metrics and on pages: `unreachable`, `write_refused`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unavailable => "unavailable",
            Self::WriteRefused => "write_refused",
            Self::Ambiguous => "ambiguous",
            Self::NotIdempotent => "not_idempotent",
            Self::Permanent => "permanent",
            Self::Misconfigured => "misconfigured",
            Self::Rejected => "rejected",
            Self::NotRedis => "not_redis",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_have_run_asks_whether_the_function_is_idempotent() {
        let classes = [
            Class::Unreachable,
            Class::Unavailable,
            Class::WriteRefused,
            Class::Permanent,
            Class::Misconfigured,
            Class::Rejected,
            Class::NotRedis,
        ];
        let retried =
            |class: Class| [None, Some(true), Some(false)].map(|says| class.verdict(says).retry);
        for class in classes {
            let first = class.verdict(None).retry;
            assert_eq!(retried(class), [first; 3], "{class:?}");
        }
        assert_eq!(retried(Class::Ambiguous), [true, true, false]);
        assert_eq!(retried(Class::NotIdempotent), [false, true, false]);
    }

    #[test]
    fn the_breaker_counts_what_says_something_about_redis() {
        let says = |class: Class| class.verdict(None).breaker;
        assert_eq!(says(Class::Unreachable), Outcome::Failure);
        assert_eq!(says(Class::Unavailable), Outcome::Failure);
        assert_eq!(says(Class::Ambiguous), Outcome::Failure);
        assert_eq!(says(Class::NotIdempotent), Outcome::Failure);
        assert_eq!(says(Class::WriteRefused), Outcome::Neutral);
        assert_eq!(says(Class::Permanent), Outcome::Success);
        assert_eq!(says(Class::Misconfigured), Outcome::Neutral);
        assert_eq!(says(Class::Rejected), Outcome::Neutral);
        assert_eq!(says(Class::NotRedis), Outcome::Neutral);
    }

    #[test]
    fn a_fallback_answers_for_all_but_what_is_the_program_s_own() {
        let falls_back = |class: Class| class.verdict(None).fallback;
        for class in [
            Class::Unreachable,
            Class::Unavailable,
            Class::WriteRefused,
            Class::Ambiguous,
            Class::NotIdempotent,
            Class::Misconfigured,
            Class::Rejected,
        ] {
            assert!(falls_back(class), "{class:?}");
        }
        assert!(!falls_back(Class::Permanent) && !falls_back(Class::NotRedis));
    }
}
