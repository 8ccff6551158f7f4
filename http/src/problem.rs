//! What a handler returns for any error.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::Cause;
use crate::answer::{Answer, CONTENT_TYPE};

/// Any error, as what a web service answers to it: 503 with `Retry-After` where it is an outage, 500 otherwise, and a body that tells nothing internal.
///
/// `?` makes it of every error that is `Send + Sync + 'static`, `anyhow::Error` and boxed ones among them. With the feature `http-axum` it is an
/// `IntoResponse`, with `http-actix` a `ResponseError`. Any other framework writes what it says:
///
/// ```
/// use redis_resilient::http::Problem;
///
/// fn answer(problem: &Problem) -> (u16, Vec<(&'static str, String)>, &'static str) {
///     let mut headers = vec![("content-type", problem.content_type().to_owned())];
///     headers.extend(problem.retry_after_seconds().map(|after| ("retry-after", after.to_string())));
///     (problem.status(), headers, problem.body())
/// }
///
/// let down = redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
/// let (status, headers, _) = answer(&down.into());
/// assert_eq!((status, headers[1].1.as_str()), (503, "1"));
/// assert_eq!(answer(&"no such user".into()).0, 500);
/// ```
///
/// It is no `std::error::Error` itself, as `anyhow::Error` is none. `Display` and `Debug` are for logs: the status, and the error's text without
/// passwords.
pub struct Problem {
    cause: Cause,
    answer: Answer,
}

impl Problem {
    /// 503 or 500.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.answer.status()
    }

    /// What `Retry-After` is to say, at least 1; `None`: with this status there is no such header.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.answer.retry_after_seconds()
    }

    /// The same as it was before it was rounded up.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.answer {
            Answer::Unavailable { retry_after } => Some(retry_after),
            Answer::Failed => None,
        }
    }

    /// `application/problem+json`.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        CONTENT_TYPE
    }

    /// A problem by RFC 9457.
    #[must_use]
    pub const fn body(&self) -> &'static str {
        self.answer.body()
    }

    /// The error that it was made of.
    #[must_use]
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    #[cfg(any(feature = "axum", feature = "actix"))]
    pub(crate) const fn answer(&self) -> Answer {
        self.answer
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Problem {
    fn from(error: E) -> Self {
        let cause = Cause::new(error);
        let answer = cause.answer();
        Self { cause, answer }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with {}: {}", self.status(), self.cause)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("answer", &self.answer)
            .field("cause", &self.cause)
            .finish()
    }
}
