//! What is said where a command does not fit the connection that it is meant for.

use redis::{ErrorKind, RedisError};

use crate::command::{Args, is};

/// Such a command is not sent.
pub(crate) fn stream<'a>(command: impl Args<'a>) -> RedisError {
    let mut args = command;
    let name = args.next().unwrap_or_default();
    let instead = if is(name, "MONITOR") {
        "redis::Client::get_async_monitor"
    } else if is(name, "CLIENT") {
        "a pipeline whose replies are ignored: CLIENT REPLY would take all later replies for those of other commands"
    } else if is(name, "SYNC") || is(name, "PSYNC") {
        "redis-cli --rdb"
    } else {
        "Connector::subscribe, psubscribe or ssubscribe, or Connector::pubsub"
    };
    (
        ErrorKind::Client,
        "what this command is answered with does not fit a connection on which each command has one reply. Use",
        instead.to_owned(),
    )
        .into()
}

/// A command that belongs to its connection is not sent over a shared one.
pub(crate) fn shared<'a>(command: impl Args<'a>) -> RedisError {
    let mut args = command;
    let name = String::from_utf8_lossy(args.next().unwrap_or_default()).to_uppercase();
    let instead = match name.as_str() {
        "AUTH" | "HELLO" => {
            "credentials and protocol belong into the connector's address, or ConnectorBuilder::credentials"
        }
        "CLIENT" => {
            "for a name there is ConnectorBuilder::client_name, for everything else Connector::dedicated()"
        }
        "MULTI" | "EXEC" | "DISCARD" => {
            "send the transaction as one redis::pipe().atomic(), or use Connector::dedicated()"
        }
        _ => "use Connector::dedicated(), in a cluster Connector::dedicated_to(key)",
    };
    (
        ErrorKind::Client,
        "this command changes its connection, and here others share it",
        format!("{name}: {instead}"),
    )
        .into()
}

/// The writes that are waited for went over another connection, or nowhere.
pub(crate) fn wait() -> RedisError {
    (
        ErrorKind::Client,
        "WAIT is for what was written over its own connection, and nothing was, or that connection is lost: hold one BlockingConnection for the \
         write and for the WAIT",
    )
        .into()
}

/// In a cluster there is no connection that it could be about.
#[cfg(feature = "cluster")]
pub(crate) fn cluster<'a>(command: impl Args<'a>) -> RedisError {
    let mut args = command;
    let name = String::from_utf8_lossy(args.next().unwrap_or_default()).to_uppercase();
    (
        ErrorKind::Client,
        "in a cluster this command has to follow one with a key, such as WATCH, on the same BlockingConnection; transactions are sent as one \
         redis::pipe().atomic()",
        name,
    )
        .into()
}

/// A slot has moved while its keys were watched.
#[cfg(feature = "cluster")]
pub(crate) fn moved() -> RedisError {
    let text = "the keys are another server's by now, and what was watched on the former one is gone: begin anew";
    let error = std::io::Error::new(std::io::ErrorKind::NotConnected, text);
    redis_resilient_runtime::__seam::tagged(
        redis_resilient_runtime::Class::Unreachable,
        RedisError::from(error),
    )
}

/// In a cluster a connection leads to one of several servers.
#[cfg(feature = "cluster")]
pub(crate) fn no_key() -> RedisError {
    (
        ErrorKind::Client,
        "a dedicated connection leads to one server of the cluster: use Connector::dedicated_to(key)",
    )
        .into()
}
