//! Which of the servers that Sentinels watch is spoken to.

use redis::{RedisResult, ServerErrorKind, Value};

use super::keeper::Keeper;
use super::live::has_end;
use super::source::Source;
use crate::Class;
use crate::class::known::known;

/// What the server has to be that a connection leads to, among those that Sentinels watch.
#[cfg(feature = "sentinel")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The master: it has what was written last, and takes writes.
    #[default]
    Master,
    /// One of the replicas, for reads: what it has may be old.
    ///
    /// One is chosen at random with each new connection, of those that most of the Sentinels that answer see well, if it can be with a link to
    /// its master; it is kept for as long as they do, and left at the next health check where it has become the master. If none can be
    /// connected to, the master is.
    ///
    /// The `READONLY` of a write that was sent to a replica is [`Permanent`](Class::Permanent).
    Replica,
}

impl Source {
    const fn reads_only(&self) -> bool {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => matches!(sentinels.role, Role::Replica),
            _ => false,
        }
    }

    /// Whether this is what a replica says to each write, and nothing about the connection.
    fn expects(&self, reply: &Value) -> bool {
        let Value::ServerError(error) = reply else {
            return false;
        };
        self.reads_only() && error.kind() == Some(ServerErrorKind::ReadOnly)
    }

    /// The reply to one command; as an error where asking again changes nothing.
    pub(super) fn judged(&self, reply: Value) -> RedisResult<Value> {
        if !self.expects(&reply) {
            return Ok(reply);
        }
        reply
            .extract_error()
            .map_err(|error| known(Class::Permanent, error))
    }
}

impl Keeper {
    /// Whether this reply says that the connection has to be made anew.
    pub(super) fn has_end(&self, reply: &Value) -> bool {
        has_end(reply) && !self.source.expects(reply)
    }
}
