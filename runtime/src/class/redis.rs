//! The table: every failure that redis-rs can report, and its class.
//!
//! Decided on what each failure was measured to mean for the command in flight, not on the error's name: a cut reply comes as
//! a parse error and the command was executed, a full server answers with an unknown code and the command was not.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, ParsingError, RedisError, ServerError, ServerErrorKind};

use super::Class;
use crate::Rejection;

/// The class that one link of a chain of errors stands for, if it is about Redis.
pub(super) fn class_of_link(link: &(dyn Error + 'static)) -> Option<Class> {
    if let Some(error) = link.downcast_ref::<RedisError>() {
        Some(of_redis(error))
    } else if let Some(rejection) = link.downcast_ref::<Rejection>() {
        Some(of_rejection(rejection))
    } else if let Some(error) = link.downcast_ref::<ServerError>() {
        Some(of_server(error))
    } else if let Some(error) = link.downcast_ref::<ParsingError>() {
        Some(of_parsing(&error.to_string()))
    } else {
        link.downcast_ref::<io::Error>().and_then(of_bare_io)
    }
}

fn of_redis(error: &RedisError) -> Class {
    match error.kind() {
        ErrorKind::Io => match io_error(error) {
            Some(io) => Rejection::find(io)
                .map(of_rejection)
                .or_else(|| of_io(io))
                .unwrap_or(Class::Ambiguous),
            None => Class::Ambiguous,
        },
        ErrorKind::Parse => of_parsing(&error.to_string()),
        ErrorKind::UnexpectedReturnType
        | ErrorKind::AuthenticationFailed
        | ErrorKind::RESP3NotSupported => Class::Permanent,
        ErrorKind::InvalidClientConfig | ErrorKind::Client | ErrorKind::EmptySentinelList => {
            Class::Misconfigured
        }
        ErrorKind::MasterNameNotFoundBySentinel | ErrorKind::NoValidReplicasFoundBySentinel => {
            Class::Unreachable
        }
        // The cluster client gives this up after retries of its own, which may have executed the command.
        ErrorKind::ClusterConnectionNotFound => Class::Ambiguous,
        ErrorKind::Server(_) | ErrorKind::Extension => of_replies(error),
        // `Serialize` (only with redis's `json` feature) and kinds to come.
        _ => Class::Misconfigured,
    }
}

/// One error reply, a pipeline's several, or an aborted transaction's.
fn of_replies(error: &RedisError) -> Class {
    if let Ok(reply) = ServerError::try_from(error.clone()) {
        return of_server(&reply);
    }
    let aborted = error.kind() == ErrorKind::Server(ServerErrorKind::ExecAbort);
    let Some(replies) = error.clone().into_server_errors() else {
        // Made up by a client without a server's reply, from a kind alone.
        return match error.kind() {
            ErrorKind::Server(kind) => of_kind(kind),
            _ => Class::Permanent,
        };
    };
    if !aborted {
        // The entries that did not fail were executed.
        return Class::Ambiguous;
    }
    // Nothing of the transaction was executed: it may run again when every cause of the abort may pass.
    replies
        .iter()
        .map(|(_, reply)| of_server(reply))
        .find(|class| !class.verdict(false).retry)
        .or_else(|| replies.first().map(|(_, reply)| of_server(reply)))
        .unwrap_or(Class::Permanent)
}

fn of_server(reply: &ServerError) -> Class {
    // A script's error may come after some of its writes. Redis adds the script's name to such an error.
    if reply
        .details()
        .is_some_and(|detail| detail.contains(" script: "))
    {
        return Class::Ambiguous;
    }
    if let Some(kind) = reply.kind() {
        if kind == ServerErrorKind::ResponseError
            && reply
                .details()
                .is_some_and(|d| d.contains("max number of clients"))
        {
            return Class::Unavailable;
        }
        return of_kind(kind);
    }
    match reply.code() {
        "BUSY" | "UNBLOCKED" => Class::Unavailable,
        "OOM" | "MISCONF" | "NOREPLICAS" => Class::WriteRefused,
        _ => Class::Permanent,
    }
}

fn of_kind(kind: ServerErrorKind) -> Class {
    match kind {
        ServerErrorKind::BusyLoading
        | ServerErrorKind::TryAgain
        | ServerErrorKind::ClusterDown
        | ServerErrorKind::MasterDown
        | ServerErrorKind::ReadOnly => Class::Unavailable,
        // Redirections reach a caller only when the client is not a cluster client: asking again changes nothing.
        _ => Class::Permanent,
    }
}

fn of_parsing(text: &str) -> Class {
    // The connection ended in the middle of a reply: the command was executed.
    if text.to_ascii_lowercase().contains("end of input") {
        Class::Ambiguous
    } else {
        Class::Permanent
    }
}

/// `None` for kinds that say nothing about a connection: the next link of the chain may.
fn of_io(error: &io::Error) -> Option<Class> {
    use io::ErrorKind as K;
    let class = match error.kind() {
        // `NotFound` is a unix socket that is not there.
        K::ConnectionRefused | K::NotFound | K::AddrNotAvailable => Class::Unreachable,
        K::InvalidInput | K::Unsupported | K::PermissionDenied => Class::Misconfigured,
        K::TimedOut
        | K::WouldBlock
        | K::BrokenPipe
        | K::UnexpectedEof
        | K::ConnectionReset
        | K::ConnectionAborted
        | K::NotConnected
        | K::Interrupted
        | K::HostUnreachable
        | K::NetworkUnreachable
        | K::NetworkDown => Class::Ambiguous,
        // The standard library gives failed name look-ups no kind of their own.
        _ if error.to_string().contains("failed to lookup address") => Class::Unreachable,
        _ => return None,
    };
    Some(class)
}

/// An I/O error with no `RedisError` around it: a transparent wrapper may have hidden that, or it may be about a file.
fn of_bare_io(error: &io::Error) -> Option<Class> {
    use io::ErrorKind as K;
    match error.kind() {
        K::NotFound | K::InvalidInput | K::Unsupported | K::PermissionDenied => None,
        _ => of_io(error),
    }
}

fn of_rejection(rejection: &Rejection) -> Class {
    match rejection {
        Rejection::CircuitOpen { .. } => Class::Rejected,
        Rejection::TimedOut { .. } | Rejection::DeadlineExceeded { .. } => Class::Ambiguous,
        Rejection::Misconfigured { .. } => Class::Misconfigured,
    }
}

/// redis-rs hands out its I/O error as an `Arc<dyn Error>`.
fn io_error(error: &RedisError) -> Option<&io::Error> {
    error
        .source()?
        .downcast_ref::<Arc<dyn Error + Send + Sync>>()?
        .downcast_ref::<io::Error>()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn io(kind: io::ErrorKind) -> Class {
        Class::of(&RedisError::from(io::Error::from(kind)))
    }

    fn code(code: &str, detail: &str) -> Class {
        Class::of(&redis::make_extension_error(
            code.into(),
            Some(detail.into()),
        ))
    }

    /// Rows that no server on this machine can be made to show; the others are in the integration tests, against a real one.
    #[test]
    fn io_failures_that_cannot_be_provoked_here() {
        for kind in [
            io::ErrorKind::HostUnreachable,
            io::ErrorKind::NetworkUnreachable,
            io::ErrorKind::NetworkDown,
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::NotConnected,
            io::ErrorKind::Interrupted,
            io::ErrorKind::WouldBlock,
            io::ErrorKind::Other,
        ] {
            assert_eq!(io(kind), Class::Ambiguous, "{kind:?}");
        }
        assert_eq!(io(io::ErrorKind::AddrNotAvailable), Class::Unreachable);
        assert_eq!(io(io::ErrorKind::PermissionDenied), Class::Misconfigured);
        assert_eq!(io(io::ErrorKind::Unsupported), Class::Misconfigured);
        assert_eq!(io(io::ErrorKind::InvalidInput), Class::Misconfigured);
        let tls = RedisError::from((ErrorKind::Io, "SSL Handshake error"));
        assert_eq!(Class::of(&tls), Class::Ambiguous);
    }

    #[test]
    fn kinds_made_by_clients_and_by_servers_that_cannot_be_provoked_here() {
        let kind = |kind: ErrorKind| Class::of(&RedisError::from((kind, "as redis-rs makes it")));
        assert_eq!(
            kind(ErrorKind::MasterNameNotFoundBySentinel),
            Class::Unreachable
        );
        assert_eq!(
            kind(ErrorKind::NoValidReplicasFoundBySentinel),
            Class::Unreachable
        );
        assert_eq!(kind(ErrorKind::EmptySentinelList), Class::Misconfigured);
        assert_eq!(kind(ErrorKind::Client), Class::Misconfigured);
        assert_eq!(kind(ErrorKind::ClusterConnectionNotFound), Class::Ambiguous);
        assert_eq!(kind(ErrorKind::RESP3NotSupported), Class::Permanent);
        assert_eq!(kind(ErrorKind::UnexpectedReturnType), Class::Permanent);
        for (server, class) in [
            (ServerErrorKind::TryAgain, Class::Unavailable),
            (ServerErrorKind::ClusterDown, Class::Unavailable),
            (ServerErrorKind::Moved, Class::Permanent),
            (ServerErrorKind::Ask, Class::Permanent),
            (ServerErrorKind::CrossSlot, Class::Permanent),
            (ServerErrorKind::NoSub, Class::Permanent),
            (ServerErrorKind::NotBusy, Class::Permanent),
        ] {
            assert_eq!(kind(ErrorKind::Server(server)), class, "{server:?}");
        }
        assert_eq!(
            code("UNBLOCKED", "force unblock from blocking operation"),
            Class::Unavailable
        );
        assert_eq!(
            code(
                "UNKILLABLE",
                "Sorry the script already executed write commands"
            ),
            Class::Permanent
        );
        assert_eq!(
            code("DENIED", "Redis is running in protected mode"),
            Class::Permanent
        );
        assert_eq!(
            code("BUSYGROUP", "Consumer Group name already exists"),
            Class::Permanent
        );
    }

    #[test]
    fn rejections_of_nested_functions() {
        let class = |rejection: Rejection| Class::of(&RedisError::from(rejection));
        let function = "app::inner";
        let second = Duration::from_secs(1);
        assert_eq!(
            class(Rejection::CircuitOpen {
                breaker: "b",
                retry_after: second
            }),
            Class::Rejected
        );
        assert_eq!(
            class(Rejection::TimedOut {
                function,
                after: second
            }),
            Class::Ambiguous
        );
        assert_eq!(
            class(Rejection::DeadlineExceeded {
                function,
                deadline: second
            }),
            Class::Ambiguous
        );
        assert_eq!(
            class(Rejection::Misconfigured {
                function,
                option: "factor",
                problem: "p"
            }),
            Class::Misconfigured
        );
    }

    #[test]
    fn a_missing_file_is_not_a_missing_redis() {
        let file = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(Class::of(&file), Class::Foreign);
        assert_eq!(io(io::ErrorKind::NotFound), Class::Unreachable);
    }

    #[test]
    fn a_script_that_failed_half_way_is_ambiguous() {
        assert_eq!(
            code("MYERR", "oops script: f_1, on @user_script:1."),
            Class::Ambiguous
        );
    }
}
