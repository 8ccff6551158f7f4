//! Whether a failure is one of Redis, for those who answer others: "come back later", and when.

use std::error::Error;
use std::time::Duration;

use crate::{Class, Rejection};

/// When to come back where no circuit says it: what a breaker waits at first before it lets a probe through.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Whether the operation failed because of Redis, or of what this crate refuses while Redis is away: nothing is wrong with the request, and the
/// same one may succeed later. For a web service, whether the status is 503.
///
/// True for every [`Class`] for which a fallback would have answered: see [`Class::is_outage`]. False for all else: `WRONGTYPE`, errors that have
/// nothing to do with Redis, an option of the attribute that makes no sense.
///
/// ```
/// use redis_resilient::{Breaker, is_outage, retry_after};
/// use std::time::Duration;
///
/// fn status(error: &anyhow::Error) -> u16 {
///     if is_outage(error) { 503 } else { 500 }
/// }
///
/// static SESSIONS: Breaker = Breaker::new("sessions").failure_threshold(1);
/// let down = redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
/// assert_eq!(status(&down.into()), 503);
///
/// SESSIONS.try_acquire()?.failure();
/// let refused = SESSIONS.try_acquire().expect_err("the circuit is open");
/// assert!(is_outage(&refused) && retry_after(&refused).is_some());
/// assert_eq!(status(&anyhow::anyhow!("no such user")), 500);
/// # Ok::<(), redis_resilient::Rejection>(())
/// ```
///
/// It takes each error that `#[redis_resilient]` takes: `RedisError` and what wraps it, [`Rejection`], `anyhow::Error`, `eyre::Report`, boxed errors,
/// `dyn Error`, and your own types with a `source`. What is in an `Arc<dyn Error>` is passed as `&*error`. An error that says its class itself is asked:
/// `Classify::class(&error).is_outage()`.
#[must_use]
pub fn is_outage<E, Via>(error: &E) -> bool
where
    E: ErrorChain<Via> + ?Sized,
{
    Class::of(error.chain()).is_outage()
}

/// When the same may be tried again; `None` where [`is_outage`] is false, for nothing says then that it would end otherwise.
///
/// The time until the circuit lets a probe through, as it was when the circuit refused the call. 1 s where no circuit says it: it was still closed, or
/// a probe was under way. Never zero.
///
/// ```
/// use redis_resilient::retry_after;
/// use std::time::Duration;
///
/// let cut = redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
/// assert_eq!(retry_after(&cut), Some(Duration::from_secs(1)));
/// assert_eq!(retry_after(&std::fmt::Error), None);
/// ```
#[must_use]
pub fn retry_after<E, Via>(error: &E) -> Option<Duration>
where
    E: ErrorChain<Via> + ?Sized,
{
    if !is_outage(error) {
        return None;
    }
    match Rejection::find(error.chain()) {
        Some(Rejection::CircuitOpen { retry_after, .. }) if !retry_after.is_zero() => {
            Some(*retry_after)
        }
        _ => Some(RETRY_AFTER),
    }
}

impl Class {
    /// Whether such a failure is one of Redis, of the way to it, or of its operator's settings, and not of the request or the program: what a web service
    /// answers with 503, and a fallback answers for.
    ///
    /// ```
    /// use redis_resilient::Class;
    ///
    /// assert!(Class::Unreachable.is_outage() && Class::Rejected.is_outage());
    /// assert!(!Class::Permanent.is_outage() && !Class::NotRedis.is_outage());
    /// ```
    #[must_use]
    pub const fn is_outage(self) -> bool {
        self.verdict(None).fallback
    }
}

/// An error that can be read, with all in it. `Via` is how; the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be read as an error",
    label = "neither `std::error::Error + 'static` nor a wrapper like `anyhow::Error`",
    note = "if it implements `redis_resilient::Classify`, ask `error.class().is_outage()`"
)]
pub trait ErrorChain<Via> {
    /// Its outermost link.
    #[doc(hidden)]
    fn chain(&self) -> &(dyn Error + 'static);
}

impl<E: Error + 'static> ErrorChain<ViaError> for E {
    fn chain(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl<E: AsRef<dyn Error + Send + Sync + 'static> + 'static> ErrorChain<ViaAsRef> for E {
    fn chain(&self) -> &(dyn Error + 'static) {
        self.as_ref()
    }
}

impl ErrorChain<ViaBox> for Box<dyn Error> {
    fn chain(&self) -> &(dyn Error + 'static) {
        &**self
    }
}

impl ErrorChain<ViaBox> for Box<dyn Error + Send> {
    fn chain(&self) -> &(dyn Error + 'static) {
        &**self
    }
}

impl ErrorChain<ViaSelf> for dyn Error + 'static {
    fn chain(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl ErrorChain<ViaSelf> for dyn Error + Send + 'static {
    fn chain(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl ErrorChain<ViaSelf> for dyn Error + Send + Sync + 'static {
    fn chain(&self) -> &(dyn Error + 'static) {
        self
    }
}

/// As a link of a chain of errors.
#[derive(Clone, Copy, Debug)]
pub enum ViaError {}

/// As what holds a chain of errors.
#[derive(Clone, Copy, Debug)]
pub enum ViaAsRef {}

/// As a box, which lends an error of another kind than all others.
#[derive(Clone, Copy, Debug)]
pub enum ViaBox {}

/// As a link whose type is not known.
#[derive(Clone, Copy, Debug)]
pub enum ViaSelf {}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use redis::RedisError;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum AppError {
        #[error("cache")]
        Cache(#[from] RedisError),
        #[error("no such user")]
        NotFound,
    }

    fn down() -> RedisError {
        io::Error::from(io::ErrorKind::ConnectionRefused).into()
    }

    fn open(retry_after: Duration) -> Rejection {
        Rejection::CircuitOpen {
            breaker: "sessions",
            retry_after,
        }
    }

    #[test]
    fn every_kind_of_error_can_be_asked() {
        assert!(is_outage(&down()));
        assert!(is_outage(&AppError::from(down())));
        assert!(!is_outage(&AppError::NotFound));
        assert!(is_outage(&open(Duration::ZERO)));
        assert!(is_outage(&anyhow::Error::from(down()).context("loading")));
        let boxed: Box<dyn Error> = Box::new(down());
        assert!(is_outage(&boxed) && is_outage(&*boxed));
        let boxed: Box<dyn Error + Send + Sync> = Box::new(AppError::from(down()));
        assert!(is_outage(&boxed) && is_outage(&*boxed));
        let shared: Arc<dyn Error + Send + Sync> = Arc::new(down());
        assert!(is_outage(&*shared));
        assert!(is_outage(&Arc::new(down())) && is_outage(&io::Error::other(down())));
    }

    #[test]
    fn what_is_not_an_outage_has_no_time_to_come_back() {
        let wrong_type: RedisError = redis::make_extension_error("WRONGTYPE".into(), None);
        for error in [wrong_type, io::Error::other("disk").into()] {
            assert_eq!(retry_after(&error).is_some(), is_outage(&error));
        }
        let mistake = Rejection::Misconfigured {
            function: "app::load",
            option: "retries",
            problem: "it has to be a number from 0 to 100",
        };
        assert!(!is_outage(&mistake) && retry_after(&RedisError::from(mistake)).is_none());
    }

    #[test]
    fn the_circuit_says_when_to_come_back_if_it_knows() {
        let known = open(Duration::from_millis(4_200));
        assert_eq!(
            retry_after(&AppError::from(RedisError::from(known))),
            Some(Duration::from_millis(4_200))
        );
        assert_eq!(retry_after(&open(Duration::ZERO)), Some(RETRY_AFTER));
        assert_eq!(retry_after(&down()), Some(RETRY_AFTER));
    }
}
