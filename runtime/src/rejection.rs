//! What this crate itself refuses, carried inside the user's own error type.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use redis::RedisError;

use crate::chain;

/// Why an annotated function failed without an error of its own.
///
/// It travels inside the function's own error type, made by that type's `From<RedisError>`, and [`Rejection::find`]
/// gets it back out of any chain of errors:
///
/// ```
/// use redis::RedisError;
/// use redis_resilient::Rejection;
/// use std::time::Duration;
///
/// fn http_status(error: &RedisError) -> (u16, Option<Duration>) {
///     match Rejection::find(error) {
///         Some(Rejection::CircuitOpen { retry_after, .. }) => (503, Some(*retry_after)),
///         Some(Rejection::Saturated { .. }) => (503, None),
///         Some(_) => (504, None),
///         None => (500, None),
///     }
/// }
///
/// # use redis_resilient::Breaker;
/// static SESSIONS: Breaker = Breaker::new("sessions").failure_threshold(1);
/// SESSIONS.try_acquire().expect("it is closed").failure();
/// let refused = SESSIONS.try_acquire().expect_err("it is open");
/// assert_eq!(http_status(&RedisError::from(refused)).0, 503);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The circuit is open: this attempt was not made. An earlier one of the same call may have been.
    #[non_exhaustive]
    CircuitOpen {
        /// The name given to [`Breaker::new`](crate::Breaker::new).
        breaker: &'static str,
        /// When the breaker will next let a call through, in milliseconds' steps. Zero while such a call is under way: its outcome,
        /// which may come at any moment, decides.
        retry_after: Duration,
    },
    /// An attempt took longer than its `timeout`. Redis may have executed it.
    #[non_exhaustive]
    TimedOut {
        /// The function's name, as in its events.
        function: &'static str,
        /// How long it was given.
        after: Duration,
    },
    /// The call took longer than its `deadline`. Redis may have executed the last attempt.
    #[non_exhaustive]
    DeadlineExceeded {
        /// The function's name, as in its events.
        function: &'static str,
        /// How long the call was given.
        deadline: Duration,
    },
    /// The time budget of the whole request is used up: see `RequestBudget`, behind the feature `request-budget`.
    #[non_exhaustive]
    RequestBudgetExceeded {
        /// The function's name, as in its events.
        function: &'static str,
        /// How long the request was given.
        budget: Duration,
        /// Whether an attempt was made, which Redis may have executed. If not, the budget was used up before the call.
        attempted: bool,
    },
    /// A [`Bulkhead`](crate::Bulkhead) is full: too many attempts are under way (`limit = …`), or calls in the fallback, or wherever else it stands. What this call had
    /// to do there was not done; an attempt before it may have been made.
    #[non_exhaustive]
    Saturated {
        /// The name given to [`Bulkhead::new`](crate::Bulkhead::new); for the one of the attribute's own, "fallback of" the function's.
        bulkhead: &'static str,
        /// How many calls may be inside at once.
        limit: u32,
    },
    /// An option's value, known only at run time, makes no sense: nothing was tried.
    #[non_exhaustive]
    Misconfigured {
        /// The function's name, as in its events.
        function: &'static str,
        /// The option of the attribute.
        option: &'static str,
        /// What its value has to be.
        problem: &'static str,
    },
    /// The attempts have failed by a fault that the application has armed. In the function's own error type it is the error of a real failure.
    #[cfg(feature = "chaos")]
    #[non_exhaustive]
    Injected {
        /// The function's name, as in its events.
        function: &'static str,
        /// What was injected.
        fault: crate::fault::Fault,
    },
}

impl Rejection {
    /// The rejection inside `error`, however deep it is wrapped.
    ///
    /// For `anyhow::Error` and `Box<dyn Error>` pass `error.as_ref()`.
    #[must_use]
    pub fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        chain::find_map(error, &mut |link: &'a (dyn Error + 'static)| {
            link.downcast_ref::<Self>()
        })
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CircuitOpen {
                breaker,
                retry_after,
            } if retry_after.is_zero() => {
                write!(
                    f,
                    "circuit `{breaker}` is half-open and its probe is under way"
                )
            }
            Self::CircuitOpen {
                breaker,
                retry_after,
            } => {
                write!(f, "circuit `{breaker}` is open for another {retry_after:?}")
            }
            Self::TimedOut { function, after } => {
                write!(
                    f,
                    "an attempt of `{function}` got no answer within {after:?}"
                )
            }
            Self::DeadlineExceeded { function, deadline } => {
                write!(
                    f,
                    "`{function}` got no answer within its deadline of {deadline:?}"
                )
            }
            Self::RequestBudgetExceeded {
                function,
                budget,
                attempted,
            } => {
                let what = if *attempted {
                    "got no answer within"
                } else {
                    "was not called, for it came after"
                };
                write!(
                    f,
                    "`{function}` {what} the {budget:?} that its request was given"
                )
            }
            Self::Saturated { bulkhead, limit } => {
                write!(f, "bulkhead `{bulkhead}` is full: {limit} inside")
            }
            Self::Misconfigured {
                function,
                option,
                problem,
            } => {
                write!(
                    f,
                    "option `{option}` of `{function}` makes no sense: {problem}"
                )
            }
            #[cfg(feature = "chaos")]
            Self::Injected { function, fault } => {
                write!(f, "`{function}` failed: {}", fault.error())
            }
        }
    }
}

impl Error for Rejection {}

impl From<Rejection> for RedisError {
    fn from(rejection: Rejection) -> Self {
        let kind = match rejection {
            #[cfg(feature = "chaos")]
            Rejection::Injected { fault, .. } => return fault.error(),
            Rejection::TimedOut { .. }
            | Rejection::DeadlineExceeded { .. }
            | Rejection::RequestBudgetExceeded { .. } => io::ErrorKind::TimedOut,
            // The kind for which redis-rs itself says "do not retry": outer retry loops leave it alone.
            _ => io::ErrorKind::Unsupported,
        };
        io::Error::new(kind, rejection).into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn open() -> Rejection {
        Rejection::CircuitOpen {
            breaker: "sessions",
            retry_after: Duration::from_millis(250),
        }
    }

    #[derive(Debug, thiserror::Error)]
    enum AppError {
        #[error("cache")]
        Cache(#[from] RedisError),
        #[error(transparent)]
        Seen(RedisError),
    }

    #[test]
    fn is_found_in_every_kind_of_chain() {
        let redis = RedisError::from(open());
        assert_eq!(Rejection::find(&redis), Some(&open()));
        assert_eq!(Rejection::find(&redis.clone()), Some(&open()));
        assert_eq!(
            Rejection::find(&AppError::from(redis.clone())),
            Some(&open())
        );
        assert_eq!(
            Rejection::find(&AppError::Seen(redis.clone())),
            Some(&open())
        );
        assert_eq!(Rejection::find(&Arc::new(redis.clone())), Some(&open()));
        assert_eq!(
            Rejection::find(&io::Error::other(redis.clone())),
            Some(&open())
        );
        let context = anyhow::Error::from(redis).context("loading a user");
        assert_eq!(Rejection::find(context.as_ref()), Some(&open()));
    }

    #[test]
    fn is_not_found_where_redis_itself_failed() {
        let refused = RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(Rejection::find(&refused), None);
    }

    #[test]
    fn says_which_circuit_and_for_how_long() {
        let redis = RedisError::from(open());
        assert_eq!(
            redis.to_string(),
            "circuit `sessions` is open for another 250ms"
        );
        assert!(matches!(redis.retry_method(), redis::RetryMethod::NoRetry));
        assert!(!redis.is_unrecoverable_error());
    }

    #[test]
    fn says_which_bulkhead_is_full() {
        let full = Rejection::Saturated {
            bulkhead: "primary",
            limit: 64,
        };
        let redis = RedisError::from(full.clone());
        assert_eq!(redis.to_string(), "bulkhead `primary` is full: 64 inside");
        assert_eq!(Rejection::find(&redis), Some(&full));
        assert_eq!(crate::Class::of(&redis), crate::Class::Rejected);
        assert!(matches!(redis.retry_method(), redis::RetryMethod::NoRetry));
    }

    #[test]
    fn a_report_of_the_chain_has_nothing_of_ours_twice() {
        let report = anyhow::Error::from(RedisError::from(open())).context("loading");
        // The second is redis-rs's, which shows its I/O error as itself and as its source.
        assert_eq!(
            format!("{report:#}").matches("circuit `sessions`").count(),
            2
        );
    }

    #[test]
    fn a_timeout_looks_like_one_to_redis_rs() {
        let late = Rejection::TimedOut {
            function: "app::load",
            after: Duration::from_secs(1),
        };
        assert!(RedisError::from(late).is_timeout());
    }
}
