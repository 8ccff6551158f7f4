//! What an annotated function returns, and how it is made when there is no value of the function's own.

use redis::RedisError;

use crate::Rejection;

/// What an annotated function has to return.
#[diagnostic::on_unimplemented(
    message = "`#[redis_resilient]` needs a function that returns a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "an attempt has failed when the function returns `Err`: return `redis::RedisResult<..>`, or a `Result` with your own error type"
)]
pub trait Outcome: Sized {
    /// The error of a failed attempt.
    type Error;
    /// The error, if the attempt failed.
    fn error(&self) -> Option<&Self::Error>;
    /// The error by value, if the attempt failed.
    fn into_error(self) -> Option<Self::Error>;
    /// A failed attempt.
    fn from_error(error: Self::Error) -> Self;
}

impl<T, E> Outcome for Result<T, E> {
    type Error = E;

    #[inline]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }

    #[inline]
    fn into_error(self) -> Option<E> {
        self.err()
    }

    #[inline]
    fn from_error(error: E) -> Self {
        Err(error)
    }
}

/// An error type that can carry a [`Rejection`].
#[diagnostic::on_unimplemented(
    message = "`#[redis_resilient]` may have to refuse a call by itself, and cannot make a `{Self}` to say so",
    label = "an open circuit or a timeout has to become this type",
    note = "implement `From<redis::RedisError>` for `{Self}`",
    note = "or let nothing be refused: give a `fallback` that is not a closure, or write `breaker = false, timeout = false` and no `deadline`; and give all other options as literals, for other values may turn out to make no sense"
)]
pub trait Refused: Sized {
    /// The error that carries `rejection`.
    fn refused(rejection: Rejection) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<RedisError>> Refused for E {
    fn refused(rejection: Rejection) -> Self {
        Self::from(RedisError::from(rejection))
    }
}

/// The function's own `Err`, carrying `rejection`.
#[cold]
pub fn refuse<R>(rejection: Rejection) -> R
where
    R: Outcome,
    R::Error: Refused,
{
    R::from_error(R::Error::refused(rejection))
}

/// The function's own error, carrying `rejection`.
#[cold]
pub fn rejected<E: Refused>(rejection: Rejection) -> E {
    E::refused(rejection)
}
