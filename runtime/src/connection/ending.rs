//! What ends a connection: failures after which it is of no use any more, or leads to the wrong server.
//!
//! Pure.

use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};

use crate::Class;

/// What a connection sees to by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Healing {
    Nothing,
    /// Servers that are lost, and others that have taken over: an asynchronous connection to a cluster. A synchronous one does so only where it
    /// retries.
    Servers,
}

impl Healing {
    /// Whether this failure ends such a connection. Timeouts are counted, and end none by themselves.
    pub(super) fn is_ended_by(self, error: &RedisError) -> bool {
        match error.kind() {
            ErrorKind::AuthenticationFailed => true,
            ErrorKind::Extension => error.code().is_some_and(|code| self.is_ended_by_code(code)),
            _ if self == Self::Servers => false,
            // All I/O errors but timeouts are final, and so is a reply that was cut off.
            ErrorKind::Io => !error.is_timeout(),
            ErrorKind::Parse => Class::of(error) == Class::Ambiguous,
            ErrorKind::Server(kind) => leads_elsewhere(kind),
            _ => false,
        }
    }

    /// Whether this reply does: redis-rs looks for errors in it later.
    pub(super) fn is_ended_by_reply(self, reply: &Value) -> bool {
        let Value::ServerError(error) = reply else {
            return false;
        };
        match error.kind() {
            Some(kind) => self == Self::Nothing && leads_elsewhere(kind),
            None => self.is_ended_by_code(error.code()),
        }
    }

    /// Whether this answer to a `PING` says that all is well. Any answer will do: a server that is loading is there.
    pub(super) fn is_well(self, answer: &RedisResult<Value>) -> bool {
        match answer {
            Ok(reply) => !self.is_ended_by_reply(reply),
            Err(error) => !error.is_timeout() && !self.is_ended_by(error),
        }
    }

    fn is_ended_by_code(self, code: &str) -> bool {
        match code {
            // It has forgotten who we are.
            "NOAUTH" | "WRONGPASS" => true,
            // The server has changed its role under a command that waited.
            "UNBLOCKED" => self == Self::Nothing,
            _ => false,
        }
    }
}

const fn leads_elsewhere(kind: ServerErrorKind) -> bool {
    matches!(
        kind,
        ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::Moved
    )
}

#[cfg(test)]
mod tests {
    use std::io;

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

    #[test]
    fn what_ends_a_connection() {
        use io::ErrorKind as Io;
        // To a server, and to a cluster that heals itself.
        for (error, server, cluster) in [
            (io(Io::BrokenPipe), true, false),
            (io(Io::ConnectionReset), true, false),
            (io(Io::UnexpectedEof), true, false),
            (io(Io::TimedOut), false, false),
            (io(Io::WouldBlock), false, false),
            ((ErrorKind::AuthenticationFailed, "no").into(), true, true),
            (server(ServerErrorKind::ReadOnly), true, false),
            (server(ServerErrorKind::MasterDown), true, false),
            (server(ServerErrorKind::Moved), true, false),
            (server(ServerErrorKind::BusyLoading), false, false),
            (server(ServerErrorKind::ResponseError), false, false),
            ((ErrorKind::UnexpectedReturnType, "no").into(), false, false),
            (code("NOAUTH"), true, true),
            (code("WRONGPASS"), true, true),
            (code("UNBLOCKED"), true, false),
            (code("WRONGTYPE"), false, false),
            (code("OOM"), false, false),
        ] {
            assert_eq!(Healing::Nothing.is_ended_by(&error), server, "{error}");
            assert_eq!(Healing::Servers.is_ended_by(&error), cluster, "{error}");
        }
    }

    #[test]
    fn all_is_well_where_a_ping_is_answered_and_not_by_a_stranger() {
        let well = |answer| Healing::Nothing.is_well(&answer);
        assert!(well(Ok(Value::SimpleString("PONG".to_owned()))));
        assert!(well(Err(server(ServerErrorKind::BusyLoading))));
        assert!(!well(Err(code("NOAUTH"))));
        assert!(!well(Err(io(io::ErrorKind::TimedOut))));
        assert!(!well(Err(io(io::ErrorKind::BrokenPipe))));
    }
}
