//! What a client says of itself before anything else, all at once.

use redis::{
    Cmd, ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError, RedisResult, ServerError,
    ServerErrorKind, Value,
};

use super::Wait;
use super::plain::PlainRaw;
use crate::deadline::Deadline;
use crate::raw::ping::is_pong;
use crate::settings::ClientName;
use redis_resilient_runtime::Class;

/// In this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Hello,
    Auth,
    Select,
    /// Not worth failing for: it may not be allowed.
    Name,
    /// The system accepts connections for a server that stands still, too.
    Ping,
}

pub(super) fn introduce(
    raw: &mut PlainRaw,
    info: &RedisConnectionInfo,
    name: Option<&ClientName>,
    deadline: Deadline,
) -> RedisResult<()> {
    let has_user = info.username().is_some();
    let refused = send(raw, &steps(info, name, true), deadline)?;
    let refused = match refused {
        // Before version 6 there are no users.
        Some(Refused::Auth(reply)) if has_user && takes_no_user(&reply) => {
            send(raw, &steps(info, name, false), deadline)?
        }
        refused => refused,
    };
    match refused {
        // It may be the last word of a server that has no room, or that is loading: one that is there answers again.
        Some(Refused::Ping(reply))
            if send(raw, &[(Step::Ping, redis::cmd("PING"))], deadline).is_err() =>
        {
            return Err(reply.into());
        }
        None | Some(Refused::Ping(_)) => {}
        Some(Refused::Hello(reply)) => return Err(hello_refused(reply)),
        Some(Refused::Auth(reply)) => return Err(auth_refused(reply)),
        Some(Refused::Select(reply)) => return Err(select_refused(&reply)),
    }
    raw.settle();
    Ok(())
}

/// The first step that was refused, and cannot be done without.
enum Refused {
    Hello(ServerError),
    Auth(ServerError),
    Select(ServerError),
    Ping(ServerError),
}

fn steps(
    info: &RedisConnectionInfo,
    name: Option<&ClientName>,
    with_user: bool,
) -> Vec<(Step, Cmd)> {
    let mut steps = Vec::new();
    let user = info.username().filter(|_| with_user);
    if info.protocol() != ProtocolVersion::RESP2 {
        let mut hello = redis::cmd("HELLO");
        hello.arg(3);
        if let Some(password) = info.password() {
            hello
                .arg("AUTH")
                .arg(user.unwrap_or("default"))
                .arg(password);
        }
        steps.push((Step::Hello, hello));
    } else if let Some(password) = info.password() {
        let mut auth = redis::cmd("AUTH");
        if let Some(user) = user {
            auth.arg(user);
        }
        auth.arg(password);
        steps.push((Step::Auth, auth));
    }
    if info.db() != 0 {
        let mut select = redis::cmd("SELECT");
        select.arg(info.db());
        steps.push((Step::Select, select));
    }
    steps.extend(name.map(|name| (Step::Name, name.command())));
    steps.push((Step::Ping, redis::cmd("PING")));
    steps
}

fn send(
    raw: &mut PlainRaw,
    steps: &[(Step, Cmd)],
    deadline: Deadline,
) -> RedisResult<Option<Refused>> {
    let packed: Vec<_> = steps
        .iter()
        .flat_map(|(_, command)| command.get_packed_command())
        .collect();
    raw.send(&packed)?;
    let mut wait = Wait {
        limit: None,
        beside: None,
    };
    let mut refused = None;
    for (step, _) in steps {
        let reply = match raw.receive(deadline, &mut wait) {
            Ok(reply) => reply,
            // What a server says before it closes says more than that it has.
            Err(_) if refused.is_some() => return Ok(refused),
            Err(error) => return Err(error),
        };
        let refusal = match (step, reply) {
            (Step::Ping, reply) if is_pong(&reply) => continue,
            (Step::Hello, Value::ServerError(reply)) => Refused::Hello(reply),
            (Step::Auth, Value::ServerError(reply)) => Refused::Auth(reply),
            (Step::Select, Value::ServerError(reply)) => Refused::Select(reply),
            (Step::Ping, Value::ServerError(reply)) => Refused::Ping(reply),
            (Step::Name | Step::Hello, _) | (Step::Auth | Step::Select, Value::Okay) => continue,
            (Step::Auth | Step::Select | Step::Ping, _) => return Err(no_redis(*step)),
        };
        refused.get_or_insert(refusal);
    }
    Ok(refused)
}

fn takes_no_user(reply: &ServerError) -> bool {
    let details = reply.details().unwrap_or_default();
    details.contains("wrong number of arguments for 'auth' command")
}

/// The forms of redis-rs, with the server's own words where it has left them out.
fn hello_refused(reply: ServerError) -> RedisError {
    let details = reply.details().unwrap_or_default();
    if details.starts_with("unknown command `HELLO`") {
        let what = "the server has no HELLO command, so RESP3 cannot be used";
        return (ErrorKind::RESP3NotSupported, what).into();
    }
    reply.into()
}

fn auth_refused(reply: ServerError) -> RedisError {
    let error = RedisError::from(reply);
    if Class::of(&error) == Class::Unavailable {
        // A server that has no room, for example. The password may be right.
        return error;
    }
    let said = error.to_string();
    (
        ErrorKind::AuthenticationFailed,
        "Password authentication failed",
        said,
    )
        .into()
}

fn select_refused(reply: &ServerError) -> RedisError {
    let said = reply.details().unwrap_or_default().to_owned();
    let kind = ErrorKind::Server(ServerErrorKind::ResponseError);
    (kind, "Redis server refused to switch database", said).into()
}

fn no_redis(step: Step) -> RedisError {
    let detail = format!("Parse error at its answer to {step:?}, which Redis never gives");
    (ErrorKind::Parse, "what answers is no Redis", detail).into()
}
