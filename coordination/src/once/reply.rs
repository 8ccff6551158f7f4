//! What the program answers, made into what the command alone would have answered: pure.

use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};

use redis_resilient_connection::__seam::command::is;

/// What else differs between RESP2 and RESP3 in the reply to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Same,
    /// Pairs, which are flat in RESP2. The program has those of RESP3.
    Pairs,
    /// Pairs, which are a map in RESP3. The program has those of RESP2: Lua's maps are in no order.
    Map,
}

impl Shape {
    pub(super) fn of(name: &[u8]) -> Self {
        if is(name, "ZPOPMIN") || is(name, "ZPOPMAX") {
            Self::Pairs
        } else if is(name, "XREADGROUP") {
            Self::Map
        } else {
            Self::Same
        }
    }

    fn reshape(self, reply: Value, is_resp3: bool) -> Value {
        match (self, reply) {
            (Self::Pairs, Value::Array(pairs)) if !is_resp3 => {
                let flat = pairs.into_iter().flat_map(|pair| match pair {
                    Value::Array(pair) => pair,
                    single => vec![single],
                });
                Value::Array(flat.collect())
            }
            (Self::Map, Value::Array(pairs)) if is_resp3 => {
                let entries = pairs.into_iter().filter_map(|pair| match pair {
                    Value::Array(pair) => <[Value; 2]>::try_from(pair).ok(),
                    _ => None,
                });
                Value::Map(entries.map(|[key, value]| (key, value)).collect())
            }
            (_, reply) => reply,
        }
    }
}

/// The command's own reply.
///
/// # Errors
/// If the command was executed and its reply is not known.
pub(super) fn read(answer: Value, shape: Shape) -> RedisResult<Value> {
    if matches!(answer, Value::Push { .. }) {
        // No server answers so: it is from a connection that has not sent it, and is its to tell.
        return Ok(answer);
    }
    let Some((is_resp3, kind, value)) = parts(answer) else {
        let text = "the reply to Once does not come from its script";
        return Err(RedisError::from((ErrorKind::UnexpectedReturnType, text)));
    };
    match (&*kind, value) {
        (b"reply", value) => Ok(shape.reshape(value, is_resp3)),
        (b"boolean", Value::Int(value)) if is_resp3 => Ok(Value::Boolean(value != 0)),
        (b"boolean", value) => Ok(value),
        (b"integer", Value::BulkString(digits)) => integer(&digits).ok_or_else(inexact),
        (b"partial", Value::BulkString(error)) => Err(partial(&error)),
        _ => Err(inexact()),
    }
}

/// Whether it came over RESP3, and what was kept.
fn parts(answer: Value) -> Option<(bool, Vec<u8>, Value)> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let [version, kind, value] = <[Value; 3]>::try_from(parts).ok()?;
    let Value::BulkString(kind) = kind else {
        return None;
    };
    Some((matches!(version, Value::Double(_)), kind, value))
}

fn integer(digits: &[u8]) -> Option<Value> {
    Some(Value::Int(str::from_utf8(digits).ok()?.parse().ok()?))
}

fn inexact() -> RedisError {
    RedisError::from((
        ErrorKind::UnexpectedReturnType,
        "the command was executed once, but its reply cannot be given",
        "it holds an integer beyond 2^53, which Lua in the server rounds: read the value itself"
            .to_owned(),
    ))
}

fn partial(error: &[u8]) -> RedisError {
    RedisError::from((
        ErrorKind::Server(ServerErrorKind::ResponseError),
        "a command of many words was executed in part",
        format!(
            "the first of them were, and of the others the server says: {}",
            String::from_utf8_lossy(error)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis_resilient_runtime::Class;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn answer(version: Value, kind: &str, value: Value) -> Value {
        Value::Array(vec![version, bulk(kind), value])
    }

    #[test]
    fn an_integer_is_one_again_and_a_boolean_is_one_where_there_are_any() {
        let big = answer(bulk("0"), "integer", bulk("-9223372036854775808"));
        assert_eq!(read(big, Shape::Same), Ok(Value::Int(i64::MIN)));
        let boolean = |version| read(answer(version, "boolean", Value::Int(1)), Shape::Same);
        assert_eq!(boolean(Value::Double(0.0)), Ok(Value::Boolean(true)));
        assert_eq!(boolean(bulk("0")), Ok(Value::Int(1)));
    }

    #[test]
    fn pairs_are_as_the_protocol_has_them() {
        let pairs = || Value::Array(vec![Value::Array(vec![bulk("a"), bulk("1")])]);
        let flat = Value::Array(vec![bulk("a"), bulk("1")]);
        let map = Value::Map(vec![(bulk("a"), bulk("1"))]);
        for (shape, version, expected) in [
            (Shape::Pairs, bulk("0"), flat),
            (Shape::Pairs, Value::Double(0.0), pairs()),
            (Shape::Map, bulk("0"), pairs()),
            (Shape::Map, Value::Double(0.0), map),
        ] {
            let read = read(answer(version, "reply", pairs()), shape);
            assert_eq!(read, Ok(expected), "{shape:?}");
        }
        let none = answer(Value::Double(0.0), "reply", Value::Nil);
        assert_eq!(read(none, Shape::Map), Ok(Value::Nil));
    }

    #[test]
    fn what_is_not_known_is_said_and_not_asked_again() {
        for (answer, says) in [
            (answer(bulk("0"), "inexact", Value::Nil), "was executed"),
            (answer(bulk("0"), "integer", bulk("1e3")), "was executed"),
            (answer(bulk("0"), "partial", bulk("NO")), "in part"),
            (Value::Int(1), "its script"),
            (Value::Nil, "its script"),
        ] {
            let error = read(answer, Shape::Same).expect_err(says);
            assert_eq!(Class::of(&error), Class::Permanent);
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
