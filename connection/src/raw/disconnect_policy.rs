//! What ends a connection: failures after which it is of no use any more, or leads to the wrong server.
//!
//! Pure.

use std::io;

use redis::{ErrorKind, RedisError, RedisResult, ServerError, ServerErrorKind, Value};

use super::ping::{is_pong, may_be_refused, may_be_refused_with};
use redis_resilient_runtime::__seam::refusal;
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

/// What a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Server,
    /// One that refuses writes, as it should.
    Replica,
    /// One server of a cluster. That a slot is somebody else's is no fault of the connection.
    Node,
}

impl Peer {
    /// Whether this answer, over a connection of one command's own, says of the server that it is not the one to talk to any more. Whatever else
    /// has become of that connection says nothing about others.
    pub(crate) fn is_left_after<T>(
        self,
        answer: &RedisResult<T>,
        replies: impl FnOnce(&T) -> &[Value],
    ) -> bool {
        let is_left = |reply: &ServerError| {
            let (code, detail) = refusal(reply);
            match code {
                "READONLY" | "MASTERDOWN" | "MOVED" => self.is_ended_by_code(code, detail),
                "UNBLOCKED" => has_changed_role(detail),
                _ => false,
            }
        };
        match answer {
            Ok(value) => replies(value).iter().any(|reply| match reply {
                Value::ServerError(error) => is_left(error),
                _ => false,
            }),
            Err(error) => match error.clone().into_server_errors() {
                Some(replies) => replies.iter().any(|(_, reply)| is_left(reply)),
                None => ServerError::try_from(error.clone()).is_ok_and(|reply| is_left(&reply)),
            },
        }
    }

    /// Whether this failure ends such a connection. Timeouts are counted, and end none by themselves.
    pub(crate) fn is_ended_by(self, error: &RedisError) -> bool {
        match error.kind() {
            ErrorKind::AuthenticationFailed => true,
            // All I/O errors but timeouts are final, and so is a reply that was cut off.
            ErrorKind::Io => !error.is_timeout(),
            ErrorKind::Parse => Class::of(error) != Class::Permanent,
            ErrorKind::Extension | ErrorKind::Server(_) => {
                match error.clone().into_server_errors() {
                    // Those inside an aborted transaction count as any other.
                    Some(replies) => replies
                        .iter()
                        .any(|(_, reply)| self.is_ended_by_refusal(reply)),
                    None => error.code().is_some_and(|code| {
                        self.is_ended_by_code(code, error.detail().unwrap_or_default())
                    }),
                }
            }
            _ => false,
        }
    }

    /// Whether this reply does: redis-rs looks for errors in it later.
    pub(crate) fn is_ended_by_reply(self, reply: &Value) -> bool {
        match reply {
            Value::ServerError(error) => self.is_ended_by_refusal(error),
            _ => false,
        }
    }

    /// The reply to one command; as an error where it says what asking again would not change: that a replica takes no writes.
    pub(crate) fn judged(self, reply: Value) -> RedisResult<Value> {
        match &reply {
            Value::ServerError(error)
                if self == Self::Replica && error.kind() == Some(ServerErrorKind::ReadOnly) =>
            {
                reply
                    .extract_error()
                    .map_err(|error| tagged(Class::Permanent, error))
            }
            _ => Ok(reply),
        }
    }

    /// Whether this answer to a `PING` says that all is well. A refusal will do, if it is one that a `PING` meets: a server that is loading is
    /// there. Anything else is the answer to another command.
    pub(crate) fn is_well(self, answer: &RedisResult<Value>) -> bool {
        match answer {
            Ok(Value::ServerError(refusal)) => {
                may_be_refused(refusal) && !self.is_ended_by_refusal(refusal)
            }
            Ok(reply) => is_pong(reply),
            Err(error) => may_be_refused_with(error) && !self.is_ended_by(error),
        }
    }

    fn is_ended_by_refusal(self, error: &ServerError) -> bool {
        let (code, detail) = refusal(error);
        self.is_ended_by_code(code, detail)
    }

    /// Whether the server says that it is not the one to talk to, or has forgotten who we are.
    fn is_ended_by_code(self, code: &str, detail: &str) -> bool {
        match code {
            "NOAUTH" | "WRONGPASS" => true,
            // After it the server closes the connection.
            "UNBLOCKED" => has_changed_role(detail),
            "READONLY" => self == Self::Server,
            "MASTERDOWN" | "MOVED" => self != Self::Node,
            _ => false,
        }
    }
}

/// Whether a command that waited was ended because its server has changed its role: not by an operator, and not because the stream is gone that it waited
/// for.
fn has_changed_role(detail: &str) -> bool {
    !detail.contains("CLIENT UNBLOCK") && !detail.contains("no longer exists")
}

/// Why this answer, which ends a connection, does so.
pub(crate) fn cause_of_end<T>(
    peer: Peer,
    answer: &RedisResult<T>,
    replies: impl FnOnce(&T) -> &[Value],
) -> RedisError {
    let replies = match answer {
        Ok(value) => replies(value),
        Err(error) => return error.clone(),
    };
    let mut replies = replies.iter();
    let last_word = replies.find(|reply| peer.is_ended_by_reply(reply)).cloned();
    let refused = last_word.and_then(|reply| reply.extract_error().err());
    refused.unwrap_or_else(|| {
        let text = "more has come over the connection than replies, or its end";
        io::Error::new(io::ErrorKind::InvalidData, text).into()
    })
}

#[cfg(test)]
mod tests {

    use super::*;

    fn io(kind: io::ErrorKind) -> RedisError {
        io::Error::from(kind).into()
    }

    fn server(kind: ServerErrorKind) -> RedisError {
        (ErrorKind::Server(kind), "no").into()
    }

    fn code(code: &str) -> RedisError {
        redis::make_extension_error(code.to_owned(), None)
    }

    /// As EXEC alone is refused.
    fn exec(cause: &str) -> RedisError {
        let text = format!("-EXECABORT Transaction discarded because of: {cause}\r\n");
        let reply = redis::parse_redis_value(text.as_bytes()).expect("a reply");
        reply.extract_error().expect_err("an error")
    }

    #[test]
    fn what_ends_a_connection() {
        use Peer::{Node, Replica, Server};
        use io::ErrorKind as Io;
        let all: &[Peer] = &[Server, Replica, Node];
        let one: &[Peer] = &[Server, Replica];
        for (error, ended) in [
            (io(Io::BrokenPipe), all),
            (io(Io::ConnectionReset), all),
            (io(Io::UnexpectedEof), all),
            (io(Io::TimedOut), &[]),
            (io(Io::WouldBlock), &[]),
            ((ErrorKind::AuthenticationFailed, "no").into(), all),
            (server(ServerErrorKind::ReadOnly), &[Server]),
            (server(ServerErrorKind::MasterDown), one),
            (server(ServerErrorKind::Moved), one),
            (server(ServerErrorKind::BusyLoading), &[]),
            (server(ServerErrorKind::ResponseError), &[]),
            ((ErrorKind::UnexpectedReturnType, "no").into(), &[]),
            (code("NOAUTH"), all),
            (code("WRONGPASS"), all),
            (code("UNBLOCKED"), all),
            (code("WRONGTYPE"), &[]),
            (
                exec("READONLY You can't write against a read only replica."),
                &[Server],
            ),
            (exec("MOVED 7 127.0.0.1:7000"), one),
            (exec("OOM command not allowed"), &[]),
            (code("OOM"), &[]),
        ] {
            for peer in all {
                assert_eq!(
                    peer.is_ended_by(&error),
                    ended.contains(peer),
                    "{peer:?}: {error}"
                );
            }
        }
    }

    #[test]
    fn a_server_is_left_where_a_connection_of_a_command_s_own_says_so() {
        use Peer::{Node, Replica, Server};
        let unblocked = "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
        for (text, left) in [
            (unblocked, &[Server, Replica, Node][..]),
            ("-UNBLOCKED client unblocked via CLIENT UNBLOCK", &[]),
            ("-UNBLOCKED the stream key no longer exists", &[]),
            (
                "-READONLY You can't write against a read only replica.",
                &[Server],
            ),
            ("-MOVED 7 127.0.0.1:7000", &[Server, Replica]),
            ("-NOAUTH Authentication required.", &[]),
            ("-WRONGTYPE Operation against a key", &[]),
        ] {
            let reply = redis::parse_redis_value(format!("{text}\r\n").as_bytes());
            let reply = reply.expect("a reply");
            let error = reply.clone().extract_error();
            for peer in [Server, Replica, Node] {
                let expected = left.contains(&peer);
                let is_left = peer.is_left_after(&Ok(reply.clone()), std::slice::from_ref);
                assert_eq!(is_left, expected, "{peer:?}: {text}");
                let is_left = peer.is_left_after(&error, std::slice::from_ref);
                assert_eq!(is_left, expected, "{peer:?}: {text}");
                if text.contains("UNBLOCKED") {
                    assert_eq!(peer.is_ended_by_reply(&reply), expected, "{text}");
                }
                if let (true, Err(error)) = (text.contains("UNBLOCKED"), &error) {
                    assert_eq!(peer.is_ended_by(error), expected, "{text}");
                }
            }
        }
        let lost = Err(io(io::ErrorKind::BrokenPipe));
        assert!(!Server.is_left_after(&lost, std::slice::from_ref::<Value>));
    }

    #[test]
    fn all_is_well_where_a_ping_is_answered_and_not_by_a_stranger() {
        let well = |answer| Peer::Server.is_well(&answer);
        assert!(well(Ok(Value::SimpleString("PONG".to_owned()))));
        assert!(well(Err(server(ServerErrorKind::BusyLoading))));
        assert!(!well(Err(code("NOAUTH"))));
        assert!(!well(Err(io(io::ErrorKind::TimedOut))));
        assert!(!well(Err(io(io::ErrorKind::BrokenPipe))));
    }
}
