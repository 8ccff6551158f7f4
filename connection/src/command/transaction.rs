//! What the replies to a transaction say.
//!
//! Pure. Redis-rs keeps those to `MULTI` and to the queued commands to itself, and counts wrong where `MULTI` is refused.

use redis::{ErrorKind, RedisError, RedisResult, Value};

use redis_resilient_runtime::__seam::is_retried;
use redis_resilient_runtime::Class;

/// The reply to `EXEC`, of all replies from that to `MULTI` on.
///
/// # Errors
/// If the transaction was refused: why. Nothing of it was executed.
pub(crate) fn reply(mut replies: Vec<Value>) -> RedisResult<Vec<Value>> {
    let done = replies.pop().ok_or_else(none)?;
    let Err(refused) = done.clone().extract_error() else {
        return Ok(vec![done]);
    };
    // That a command was refused while it was queued says more than what EXEC says of it.
    let mut causes = replies
        .into_iter()
        .filter_map(|reply| reply.extract_error().err())
        .collect::<Vec<_>>();
    let for_good = |error: &RedisError| !is_retried(Class::of(error), Some(false));
    match causes.iter().position(for_good) {
        // It would come again, whatever becomes of the others.
        Some(place) if !is_redirect(&causes[0]) => Err(causes.swap_remove(place)),
        _ => Err(causes.into_iter().next().unwrap_or(refused)),
    }
}

/// Those say where to go, which is as good as a reason to try again.
fn is_redirect(error: &RedisError) -> bool {
    matches!(error.code(), Some("MOVED" | "ASK"))
}

fn none() -> RedisError {
    (
        ErrorKind::UnexpectedReturnType,
        "a transaction without a reply",
    )
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Value {
        redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).expect("a reply")
    }

    fn code(replies: Vec<Value>) -> String {
        let refused = reply(replies).expect_err("it was refused");
        refused.code().unwrap_or_default().to_owned()
    }

    const ABORTED: &str = "EXECABORT Transaction discarded because of previous errors.";

    #[test]
    fn what_exec_gives_is_the_reply() {
        let queued = || Value::SimpleString("QUEUED".to_owned());
        for done in [Value::Nil, Value::Array(vec![Value::Int(1)])] {
            let replies = vec![Value::Okay, queued(), done.clone()];
            assert_eq!(reply(replies), Ok(vec![done]));
        }
    }

    #[test]
    fn the_cause_is_the_error() {
        let queued = Value::SimpleString("QUEUED".to_owned());
        let oom = error("OOM command not allowed");
        let unknown = error("ERR unknown command");
        let ask = error("ASK 7 127.0.0.1:7000");
        let exec = || error(ABORTED);
        assert_eq!(code(vec![Value::Okay, oom.clone(), exec()]), "OOM");
        // MULTI itself.
        let noauth = error("NOAUTH Authentication required.");
        assert_eq!(code(vec![noauth.clone(), noauth, exec()]), "NOAUTH");
        // One that never succeeds.
        assert_eq!(code(vec![Value::Okay, oom, unknown.clone(), exec()]), "ERR");
        assert_eq!(code(vec![Value::Okay, ask, unknown, exec()]), "ASK");
        assert_eq!(code(vec![Value::Okay, queued.clone(), exec()]), "EXECABORT");
        // EXEC alone.
        let moved = error("MOVED 7 127.0.0.1:7000");
        assert_eq!(code(vec![Value::Okay, queued, moved]), "MOVED");
        assert!(reply(Vec::new()).is_err());
    }
}
