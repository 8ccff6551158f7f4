//! A lock that is not ours, which is no failure of Redis.

use std::error::Error;
use std::fmt;
use std::io;

use redis::RedisError;

use redis_resilient_runtime::__seam::{ClassMark, chain, tagged};
use redis_resilient_runtime::Class;

/// Why somebody is not, or not any more, the holder of a [`Lock`](super::Lock).
///
/// It is no failure of Redis: its class is [`Rejected`](Class::Rejected), so an annotated function is not tried again for it, and the
/// breaker does not count it. It travels inside of a `RedisError`, and [`LockError::find`] gets it back out of any chain of errors.
///
/// ```
/// use redis_resilient::connection::LockError;
///
/// fn http_status(error: &redis::RedisError) -> u16 {
///     match LockError::find(error) {
///         Some(LockError::Held { .. }) => 409,
///         Some(_) => 503,
///         None => 500,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else holds it, and did so for as long as the caller was ready to wait.
    #[non_exhaustive]
    Held {
        /// The key given to [`Lock::new`](super::Lock::new).
        key: String,
    },
    /// The lease has ended, or the server says that the lock is not this holder's any more.
    #[non_exhaustive]
    Lost {
        /// The key given to [`Lock::new`](super::Lock::new).
        key: String,
    },
}

impl LockError {
    pub(super) fn held(key: &str) -> RedisError {
        let key = key.to_owned();
        Self::Held { key }.into()
    }

    pub(super) fn lost(key: &str) -> RedisError {
        let key = key.to_owned();
        Self::Lost { key }.into()
    }

    /// What is said of a lock inside `error`, however deep it is wrapped.
    ///
    /// For `anyhow::Error` and `Box<dyn Error>` pass `error.as_ref()`.
    #[must_use]
    pub fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        chain::find_map(error, &mut |link: &'a (dyn Error + 'static)| {
            link.downcast_ref::<Self>()
        })
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { key } => write!(f, "lock `{key}` is held by somebody else"),
            Self::Lost { key } => write!(f, "lock `{key}` is no longer held"),
        }
    }
}

impl Error for LockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // What an annotated function knows it by, in an error of the application too.
        static MARK: ClassMark = ClassMark(Class::Rejected);
        Some(&MARK)
    }
}

impl From<LockError> for RedisError {
    fn from(error: LockError) -> Self {
        // The kind for which redis-rs itself says "do not retry".
        let error = io::Error::new(io::ErrorKind::Unsupported, error);
        tagged(Class::Rejected, RedisError::from(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_and_is_no_failure_of_redis() {
        let redis = LockError::held("k");
        let context = anyhow::Error::from(redis.clone()).context("booking");
        for error in [&redis as &(dyn Error + 'static), context.as_ref()] {
            let held = LockError::Held { key: "k".into() };
            assert_eq!(LockError::find(error), Some(&held));
            assert_eq!(Class::of(error), Class::Rejected);
        }
        assert_eq!(redis.to_string(), "lock `k` is held by somebody else");
        assert!(matches!(redis.retry_method(), redis::RetryMethod::NoRetry));
    }

    #[test]
    fn it_is_known_without_redis_s_error_around_it() {
        let lost = LockError::Lost { key: "k".into() };
        assert_eq!(Class::of(&lost), Class::Rejected);
        assert_eq!(Class::of(&io::Error::other(lost)), Class::Rejected);
    }

    #[test]
    fn redis_s_own_failures_say_nothing_of_a_lock() {
        let refused = RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(LockError::find(&refused), None);
    }
}
