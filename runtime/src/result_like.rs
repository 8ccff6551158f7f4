//! What an annotated function returns, and how it is made when there is no value of the function's own.

use redis::RedisError;

use crate::{Bulkhead, Rejection};

/// What an annotated function has to return.
#[diagnostic::on_unimplemented(
    message = "`#[redis_resilient]` needs a function that returns a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "an attempt has failed when the function returns `Err`: return `redis::RedisResult<..>`, or a `Result` with your own error type"
)]
pub trait ResultLike: Sized {
    /// What a successful attempt gives.
    type Value;
    /// The error of a failed attempt.
    type Error;
    /// Either.
    ///
    /// # Errors
    /// That of the attempt.
    fn split(self) -> Result<Self::Value, Self::Error>;
    /// A successful attempt.
    fn from_value(value: Self::Value) -> Self;
    /// The error, if the attempt failed.
    fn error(&self) -> Option<&Self::Error>;
    /// A failed attempt.
    fn from_error(error: Self::Error) -> Self;
}

impl<T, E> ResultLike for Result<T, E> {
    type Value = T;
    type Error = E;

    #[inline]
    fn split(self) -> Self {
        self
    }

    #[inline]
    fn from_value(value: T) -> Self {
        Ok(value)
    }

    #[inline]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
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
    note = "or let nothing be refused: give a `fallback` that is not a closure, with `fallback_limit = false`; or write `breaker = false, timeout = false`, no `deadline` and no `limit`; and give all other options as literals, for other values may turn out to make no sense"
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
    R: ResultLike,
    R::Error: Refused,
{
    R::from_error(R::Error::refused(rejection))
}

/// The function's own error, carrying `rejection`.
#[cold]
pub fn rejected<E: Refused>(rejection: Rejection) -> E {
    E::refused(rejection)
}

/// An error type that can carry the [`Rejection`] of a call whose fallback has no room.
#[diagnostic::on_unimplemented(
    message = "`#[redis_resilient]` lets only so many calls into the fallback at once, and cannot make a `{Self}` to tell that to the others",
    label = "a call for which there is no room has to return this type",
    note = "implement `From<redis::RedisError>` for `{Self}`",
    note = "or let all calls into the fallback: `fallback_limit = false`; or end it with a plain value: `fallback = [fetch_db, Ok(None)]`"
)]
pub trait TurnedAway: Sized {
    /// The error that carries `rejection`.
    fn turned_away(rejection: Rejection) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<RedisError>> TurnedAway for E {
    fn turned_away(rejection: Rejection) -> Self {
        Self::from(RedisError::from(rejection))
    }
}

/// Why a call for which there is no room in the fallback has no answer, if it has no error of its own.
pub(crate) fn no_room(why: Rejection, limit: &Bulkhead) -> Rejection {
    match why {
        // Nothing was tried, and the circuit or the full bulkhead alone would have led to an answer.
        Rejection::CircuitOpen { .. } | Rejection::Saturated { .. } => limit.saturated(),
        // Redis may have executed it, which the caller has to learn.
        late => late,
    }
}

/// Leaves an error that is gone already: the function does not look whether there is something to be dropped.
#[expect(clippy::inline_always, reason = "it does nothing")]
#[inline(always)]
pub fn gone<E>(error: Option<E>) {
    std::mem::forget(error);
}
