//! What a server is asked again and again, and what its answer says: whether it is a primary, and in which state it sees its cluster. Pure.
//!
//! `HELLO 3` changes nothing on a connection that speaks RESP3 already, and is allowed to users who may not ask for `ROLE` or `INFO`.

use std::io;

use redis::{Pipeline, RedisError, RedisResult, Value};

/// What a cluster is like, as one server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClusterState {
    /// Goes up with each failover, and when a server is given its first slot.
    epoch: u64,
}

/// The first question.
pub(crate) fn question(is_cluster: bool) -> Pipeline {
    let mut question = redis::pipe();
    question.cmd("HELLO").arg(3);
    if is_cluster {
        question.cmd("CLUSTER").arg("INFO");
    }
    question
}

/// The second: when that is answered, all has come that was written before the first was sent.
pub(crate) fn confirmation() -> Pipeline {
    let mut confirmation = redis::pipe();
    confirmation.cmd("PING");
    confirmation
}

/// # Errors
/// If nothing that is kept can be trusted with such an answer.
pub(crate) fn read(replies: Vec<Value>) -> RedisResult<Option<ClusterState>> {
    let mut replies = replies.into_iter();
    let hello = replies.next().unwrap_or(Value::Nil).extract_error()?;
    is_primary(&hello)?;
    let Some(info) = replies.next() else {
        return Ok(None);
    };
    let info: String = redis::from_redis_value(info.extract_error()?)?;
    cluster_state(&info).map(Some)
}

/// # Errors
/// If it was answered otherwise than it has to be.
pub(crate) fn is_confirmed(replies: Vec<Value>) -> RedisResult<()> {
    match replies
        .into_iter()
        .next()
        .unwrap_or(Value::Nil)
        .extract_error()?
    {
        Value::SimpleString(text) if text == "PONG" => Ok(()),
        // It may be somebody's data, which is not shown.
        _ => Err(wrong("a PING was answered with something else")),
    }
}

fn is_primary(hello: &Value) -> RedisResult<()> {
    let Value::Map(fields) = hello else {
        return Err(wrong("HELLO was answered with no map: RESP3 is needed"));
    };
    let role = fields.iter().find(|(name, _)| text(name) == Some("role"));
    match role.and_then(|(_, role)| text(role)) {
        Some("master" | "primary") => Ok(()),
        role => Err(wrong(&format!(
            "the server is no primary, and near = \"tracking\" needs one: its role is {role:?}"
        ))),
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text),
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn cluster_state(info: &str) -> RedisResult<ClusterState> {
    let field = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    };
    match (field("cluster_state"), field("cluster_current_epoch")) {
        (Some("ok"), Some(epoch)) => match epoch.parse() {
            Ok(epoch) => Ok(ClusterState { epoch }),
            Err(_) => Err(wrong("a server does not say the epoch of its cluster")),
        },
        (state, _) => Err(wrong(&format!(
            "a server does not see its cluster well: its state is {state:?}"
        ))),
    }
}

/// Passes, unlike a refusal.
fn wrong(what: &str) -> RedisError {
    io::Error::new(io::ErrorKind::NotConnected, what).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Value {
        redis::parse_redis_value(text.as_bytes()).expect("a reply")
    }

    fn hello(role: &str) -> Value {
        let field = |name: &str, value: &str| {
            (
                Value::BulkString(name.into()),
                Value::BulkString(value.into()),
            )
        };
        Value::Map(vec![field("server", "redis"), field("role", role)])
    }

    fn info(state: &str, epoch: &str) -> Value {
        let text = format!(
            "cluster_state:{state}\r\ncluster_my_epoch:3\r\ncluster_current_epoch:{epoch}\r\n"
        );
        Value::BulkString(text.into())
    }

    #[test]
    fn a_primary_is_good_and_anything_else_is_not() {
        assert_eq!(read(vec![hello("master")]).expect("good"), None);
        for bad in [
            hello("replica"),
            hello("slave"),
            Value::Map(vec![]),
            reply("-NOAUTH HELLO must be called\r\n"),
            reply("-BUSY Redis is busy running a script.\r\n"),
            reply("-LOADING Redis is loading\r\n"),
            reply("+OK\r\n"),
        ] {
            assert!(read(vec![bad.clone()]).is_err(), "{bad:?}");
        }
        assert!(read(vec![]).is_err());
    }

    #[test]
    fn a_cluster_has_to_be_well() {
        let good = vec![hello("master"), info("ok", "7")];
        assert_eq!(read(good).expect("good"), Some(ClusterState { epoch: 7 }));
        for bad in [
            info("fail", "7"),
            info("ok", "many"),
            reply("$0\r\n\r\n"),
            reply("-ERR This instance has cluster support disabled\r\n"),
        ] {
            assert!(read(vec![hello("master"), bad.clone()]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_a_pong_confirms() {
        assert!(is_confirmed(vec![reply("+PONG\r\n")]).is_ok());
        for bad in ["+OK\r\n", "-BUSY script\r\n", "$-1\r\n"] {
            assert!(is_confirmed(vec![reply(bad)]).is_err());
        }
    }
}
