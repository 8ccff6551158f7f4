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
        "a pipeline whose replies are ignored: after CLIENT REPLY, later replies would be taken for those of other commands"
    } else if is(name, "SYNC") || is(name, "PSYNC") {
        "redis-cli --rdb"
    } else {
        "Connector::subscribe, psubscribe or ssubscribe, or Connector::pubsub"
    };
    (
        ErrorKind::Client,
        "this command does not have one reply for each command, which this connection needs. Use",
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
            "set credentials and protocol in the connector's address, or with ConnectorBuilder::credentials"
        }
        "CLIENT" => {
            "use ConnectorBuilder::client_name for a name, Connector::dedicated() for everything else"
        }
        "MULTI" | "EXEC" | "DISCARD" => {
            "send the transaction as one redis::pipe().atomic(), or use Connector::dedicated()"
        }
        _ => "use Connector::dedicated(), in a cluster Connector::dedicated_to(key)",
    };
    (
        ErrorKind::Client,
        "this command changes the state of its connection, and this connection is shared",
        format!("{name}: {instead}"),
    )
        .into()
}

/// The writes that are waited for went over another connection, or nowhere.
pub(crate) fn wait() -> RedisError {
    (
        ErrorKind::Client,
        "WAIT waits for writes over its own connection, but there were none, or that connection is lost: use one BlockingConnection for the \
         write and the WAIT",
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
    let text = "the watched keys have moved to another server, and the watch is lost: start the transaction over";
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
        "in a cluster a dedicated connection needs a key, which says to which server: use Connector::dedicated_to(key)",
    )
        .into()
}
