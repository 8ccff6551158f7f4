//! What becomes of a write that may have been journalled.

use redis::{FromRedisValue, ParsingError, PushKind, RedisError, Value};
use redis_resilient_runtime::__seam::Queued;

/// The reply to a write, or that the journal has it.
///
/// Whoever asks for it over a journal's connection is told which; who asks for the value alone gets an error that says that it is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Written<T> {
    /// Redis has executed it, and has answered this.
    Done(T),
    /// The journal has it. Redis executes it when it is back, in the order of each key's writes.
    Queued,
}

/// What stands in place of a reply: no server sends it, and no other type than [`Written`] is made of it, but for `()` and [`Value`].
const MARK: &str = "redis-resilient: the journal has queued this write";

impl<T> Written<T> {
    /// Redis's answer, if there is one.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(reply) => Some(reply),
            Self::Queued => None,
        }
    }

    /// Whether the journal has it.
    pub const fn is_queued(&self) -> bool {
        matches!(self, Self::Queued)
    }
}

/// So that calls that end with one that waits are counted as that.
impl<T> Queued for Written<T> {
    fn is_queued(&self) -> bool {
        self.is_queued()
    }
}

impl<T: FromRedisValue> FromRedisValue for Written<T> {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        if is_mark(&value) {
            return Ok(Self::Queued);
        }
        T::from_redis_value(value).map(Self::Done)
    }
}

/// Whether the write that failed like this is in the journal: its caller has asked for a value which is not there yet.
///
/// ```
/// # fn handle(error: redis::RedisError) {
/// if redis_resilient::journal::is_queued(&error) {
///     // 202 Accepted
/// }
/// # }
/// ```
#[must_use]
pub fn is_queued(error: &RedisError) -> bool {
    error.to_string().contains(MARK)
}

pub(crate) fn mark() -> Value {
    Value::Push {
        kind: PushKind::Other(MARK.to_owned()),
        data: Vec::new(),
    }
}

fn is_mark(value: &Value) -> bool {
    matches!(value, Value::Push { kind: PushKind::Other(kind), .. } if kind == MARK)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use redis_resilient_runtime::Class;

    #[test]
    fn who_asks_is_told() {
        assert_eq!(
            Written::from_redis_value(mark()),
            Ok(Written::<u64>::Queued)
        );
        assert_eq!(
            Written::from_redis_value(Value::Int(7)),
            Ok(Written::Done(7))
        );
        assert_eq!(<()>::from_redis_value(mark()), Ok(()));
        assert!(Written::<()>::from_redis_value(mark()).is_ok_and(|written| written.is_queued()));
    }

    #[test]
    fn who_needs_a_value_gets_an_error_that_says_so() {
        fn error<T: FromRedisValue + std::fmt::Debug>() {
            let error = RedisError::from(T::from_redis_value(mark()).expect_err("no value"));
            assert!(is_queued(&error), "{error}");
            assert_eq!(Class::of(&error), Class::Permanent);
        }
        error::<u64>();
        error::<String>();
        error::<bool>();
        error::<Option<u64>>();
        error::<Option<String>>();
        error::<Vec<String>>();
        error::<Vec<u8>>();
        error::<HashMap<String, String>>();
        error::<(u64, u64)>();
        let other = RedisError::from(u64::from_redis_value(Value::Okay).expect_err("no number"));
        assert!(!is_queued(&other));
    }
}
