//! What a cluster could not do, as an error.

use redis::RedisError;

use crate::slots::redirect::Redirect;
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

/// A redirection that has not come to its end: the next attempt goes the right way.
pub(crate) fn still_refused(error: RedisError) -> RedisError {
    if Redirect::of_error(&error, "").is_some() {
        tagged(Class::Unavailable, error)
    } else {
        error
    }
}

/// The rest of a pipeline could not be sent on, after a part of it was executed.
pub(crate) fn part_failed(error: RedisError, something_was_executed: bool) -> RedisError {
    if something_was_executed {
        tagged(Class::NotIdempotent, error)
    } else {
        error
    }
}

pub(crate) fn nobody_has(slot: usize) -> RedisError {
    let text = format!("no server of the cluster has slot {slot}");
    let error = std::io::Error::new(std::io::ErrorKind::NotConnected, text);
    tagged(Class::Unreachable, RedisError::from(error))
}
