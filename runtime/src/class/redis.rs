//! The table: every failure that redis-rs can report, and its class.
//!
//! Decided on what each failure was measured to mean for the command in flight, not on the error's name: a cut reply comes as
//! a parse error and the command was executed, a full server answers with an unknown code and the command was not.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, ParsingError, RedisError, ServerError, ServerErrorKind};

use super::{Class, tagged};
use crate::Rejection;

/// How redis-rs begins when the reply to EXEC is neither a list nor nil.
const EXEC_REFUSED: &str = "Invalid response when parsing multi response";

/// The class that one link of a chain of errors stands for, if it is about Redis.
pub(super) fn class_of_link(link: &(dyn Error + 'static)) -> Option<Class> {
    // First, for that is what most links are. It may be tagged itself.
    if let Some(error) = link.downcast_ref::<RedisError>() {
        return Some(of_redis(error));
    }
    if let Some(class) = tagged::class_in(link) {
        return Some(class);
    }
    #[cfg(any(feature = "deadpool-redis", feature = "bb8", feature = "r2d2"))]
    if let Some(class) = super::pools::class_in(link) {
        return Some(class);
    }
    if let Some(rejection) = link.downcast_ref::<Rejection>() {
        Some(of_rejection(rejection))
    } else if let Some(reply) = link.downcast_ref::<ServerError>() {
        Some(of_reply(reply))
    } else if let Some(error) = link.downcast_ref::<ParsingError>() {
        let text = error.to_string();
        Some(of_parsing(
            text.strip_prefix("Incompatible type - ").unwrap_or(&text),
        ))
    } else {
        // An I/O error counts only as redis-rs hands it out; any other may be about a file, or about another server.
        inner_io(link).map(of_io)
    }
}

fn of_redis(error: &RedisError) -> Class {
    match error.kind() {
        ErrorKind::Io => error
            .source()
            .and_then(inner_io)
            .map_or(Class::Ambiguous, |io| {
                tagged::class_in_io(io).unwrap_or_else(|| of_io(io))
            }),
        ErrorKind::Parse => of_parsing(error.detail().unwrap_or_default()),
        // EXEC itself was refused, and redis-rs keeps the reason to itself: nothing was executed.
        ErrorKind::UnexpectedReturnType if error.to_string().starts_with(EXEC_REFUSED) => {
            Class::WriteRefused
        }
        ErrorKind::UnexpectedReturnType | ErrorKind::RESP3NotSupported => Class::Permanent,
        ErrorKind::InvalidClientConfig | ErrorKind::Client => of_client(&error.to_string()),
        ErrorKind::MasterNameNotFoundBySentinel | ErrorKind::NoValidReplicasFoundBySentinel => {
            Class::Unreachable
        }
        // The cluster client gives this up after retries of its own, which may have executed the command.
        ErrorKind::ClusterConnectionNotFound => Class::Ambiguous,
        ErrorKind::Server(_) | ErrorKind::Extension => of_replies(error),
        // `EmptySentinelList`, `Serialize` (only with redis's `json` feature), kinds to come; and `AuthenticationFailed`, which
        // is made of any error reply to AUTH, that of a loading or a full server too, and of none at all by token providers.
        _ => Class::Misconfigured,
    }
}

/// redis-rs has one kind for wrong settings and for some failures of a network that it finds out about by itself.
pub(super) fn of_client(text: &str) -> Class {
    const AFTER_SENDING: [&str; 3] = [
        "Slot refresh error",
        "Missing slot coverage",
        "request wasn't handled due to internal failure",
    ];
    const BEFORE_SENDING: [&str; 3] = [
        "No address found for host",
        "could not resolve to any addresses",
        "Couldn't open connection to a sentinel node",
    ];
    if AFTER_SENDING.iter().any(|known| text.contains(known)) {
        Class::Ambiguous
    } else if BEFORE_SENDING.iter().any(|known| text.contains(known)) {
        Class::Unreachable
    } else {
        Class::Misconfigured
    }
}

/// One error reply, a pipeline's several, or an aborted transaction's.
fn of_replies(error: &RedisError) -> Class {
    let several = match ServerError::try_from(error.clone()) {
        Ok(reply) => return of_reply(&reply),
        Err(several) => several,
    };
    let Some(replies) = several.into_server_errors() else {
        return of_made_up(error);
    };
    let mut classes = replies.iter().map(|(_, reply)| of_reply(reply));
    let aborted = error.kind() == ErrorKind::Server(ServerErrorKind::ExecAbort);
    match classes.find(|class| !class.verdict(Some(false)).retry) {
        // It would come again.
        Some(class) => class,
        // Nothing of the transaction was executed.
        None if aborted => replies
            .first()
            .map_or(Class::Permanent, |(_, reply)| of_reply(reply)),
        // The entries that did not fail were executed.
        None => Class::Ambiguous,
    }
}

/// redis-rs's own words for the reply to a command of its own, such as the SELECT of a new connection.
fn of_made_up(error: &RedisError) -> Class {
    let detail = error.detail().unwrap_or_default();
    if is_busy(detail) || is_full(detail) {
        return Class::Unavailable;
    }
    match error.kind() {
        ErrorKind::Server(_) => of_code(error.code().unwrap_or_default()),
        _ => Class::Permanent,
    }
}

fn is_busy(detail: &str) -> bool {
    detail.contains("busy running a script")
}

fn is_full(detail: &str) -> bool {
    detail.contains("max number of clients")
}

fn of_reply(reply: &ServerError) -> Class {
    let (code, detail) = refusal(reply);
    let class = match code {
        "ERR" if is_full(detail) => Class::Unavailable,
        // By an operator, because it ran for too long.
        "ERR" if detail.contains("Script killed by user") => Class::Ambiguous,
        _ => of_code(code),
    };
    // Redis adds the script's name to an error inside it: writes before that one may have been made.
    let may_follow_a_write = !BEFORE_THE_FIRST_WRITE.contains(&code);
    if detail.contains(" script: ") && may_follow_a_write && class.verdict(Some(false)).retry {
        return Class::Ambiguous;
    }
    class
}

/// Refusals that a script meets at its first write or not at all, as measured on Redis 7.0, 8.2 and Valkey 9.1.
const BEFORE_THE_FIRST_WRITE: [&str; 4] = ["OOM", "MISCONF", "NOREPLICAS", "READONLY"];

/// The code of an error reply, and what follows it. Where `EXEC` itself is refused, the reply names the cause, and that is taken:
/// `EXECABORT Transaction discarded because of: OOM command not allowed …`.
pub fn refusal(reply: &ServerError) -> (&str, &str) {
    let detail = reply.details().unwrap_or_default();
    if reply.kind() == Some(ServerErrorKind::ExecAbort)
        && let Some((_, cause)) = detail.split_once("because of: ")
    {
        return cause.split_once(' ').unwrap_or((cause, ""));
    }
    (reply.code(), detail)
}

fn of_code(code: &str) -> Class {
    match code {
        "LOADING" | "TRYAGAIN" | "CLUSTERDOWN" | "MASTERDOWN" | "READONLY" | "BUSY"
        | "UNBLOCKED" => Class::Unavailable,
        "OOM" | "MISCONF" | "NOREPLICAS" => Class::WriteRefused,
        "NOAUTH" | "WRONGPASS" | "NOPERM" | "DENIED" => Class::Misconfigured,
        // Redirections reach a caller only when the client is not a cluster client: asking again changes nothing.
        _ => Class::Permanent,
    }
}

fn of_parsing(description: &str) -> Class {
    // The parser's own words, at their beginning: further on there may be a stored value.
    if description.starts_with("Parse error at ") && description.contains("end of input") {
        // The connection ended in the middle of a reply: the command was executed.
        Class::Ambiguous
    } else if description.starts_with("Parse error at ") {
        // What answers is no Redis: an HTTP server, for example.
        Class::Misconfigured
    } else {
        Class::Permanent
    }
}

fn of_io(error: &io::Error) -> Class {
    use io::ErrorKind as K;
    if let Some(rejection) = Rejection::find(error) {
        return of_rejection(rejection);
    }
    match error.kind() {
        // `NotFound` is a unix socket that is not there.
        K::ConnectionRefused | K::NotFound | K::AddrNotAvailable => Class::Unreachable,
        K::InvalidInput | K::Unsupported | K::PermissionDenied => Class::Misconfigured,
        // The standard library gives failed name look-ups no kind of their own.
        _ if error.to_string().contains("failed to lookup address") => Class::Unreachable,
        _ => Class::Ambiguous,
    }
}

fn of_rejection(rejection: &Rejection) -> Class {
    match rejection {
        // The budget is the request's: no other attempt of it has any time, and it says nothing of Redis.
        Rejection::CircuitOpen { .. }
        | Rejection::Saturated { .. }
        | Rejection::RequestBudgetExceeded { .. } => Class::Rejected,
        Rejection::TimedOut { .. } | Rejection::DeadlineExceeded { .. } => Class::Ambiguous,
        // A mistake of the program, which no fallback is to hide.
        Rejection::Misconfigured { .. } => Class::NotRedis,
        #[cfg(feature = "chaos")]
        Rejection::Injected { fault, .. } => of_redis(&fault.error()),
    }
}

/// redis-rs hands out its I/O error as an `Arc<dyn Error>`.
pub(super) fn inner_io<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    link.downcast_ref::<Arc<dyn Error + Send + Sync>>()?
        .downcast_ref::<io::Error>()
}

#[cfg(test)]
#[path = "redis_tests.rs"]
mod tests;
