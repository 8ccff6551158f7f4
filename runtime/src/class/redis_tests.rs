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
        Class::Misconfigured
    );
    assert_eq!(
        code("BUSYGROUP", "Consumer Group name already exists"),
        Class::Permanent
    );
}

/// Nothing of such a transaction was executed: it is what its cause is.
#[test]
fn a_transaction_that_exec_itself_refuses() {
    let exec = |cause: &str| {
        let text = format!("-EXECABORT Transaction discarded because of: {cause}\r\n");
        let reply = redis::parse_redis_value(text.as_bytes()).expect("a reply");
        Class::of(&reply.extract_error().expect_err("an error"))
    };
    for (cause, class) in [
        (
            "OOM command not allowed when used memory > 'maxmemory'.",
            Class::WriteRefused,
        ),
        (
            "NOREPLICAS Not enough good replicas to write.",
            Class::WriteRefused,
        ),
        (
            "MISCONF Valkey is configured to save RDB snapshots",
            Class::WriteRefused,
        ),
        (
            "READONLY You can't write against a read only replica.",
            Class::Unavailable,
        ),
        ("BUSY Redis is busy running a script.", Class::Unavailable),
        (
            "LOADING Redis is loading the dataset in memory",
            Class::Unavailable,
        ),
        ("MOVED 7 127.0.0.1:7000", Class::Permanent),
        ("WRONGTYPE", Class::Permanent),
    ] {
        assert_eq!(exec(cause), class, "{cause}");
    }
    let unknown = (
        ErrorKind::UnexpectedReturnType,
        "Invalid response when parsing multi response",
    );
    assert_eq!(Class::of(&RedisError::from(unknown)), Class::WriteRefused);
}

#[test]
fn what_answers_is_no_redis() {
    let parsing = |text: &str| Class::of(&RedisError::from(ParsingError::from(text)));
    assert_eq!(
        parsing("Parse error at 1\nUnexpected `84`\nUnexpected `72`"),
        Class::Misconfigured
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
        Class::NotRedis
    );
}

#[test]
fn an_io_error_counts_only_as_redis_rs_hands_it_out() {
    for kind in [
        io::ErrorKind::NotFound,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::ConnectionReset,
    ] {
        assert_eq!(
            Class::of(&io::Error::from(kind)),
            Class::NotRedis,
            "{kind:?}"
        );
        let other = Arc::new(io::Error::from(kind));
        assert_eq!(Class::of(&other), Class::NotRedis, "{kind:?}");
    }
    assert_eq!(io(io::ErrorKind::NotFound), Class::Unreachable);
}

#[test]
fn an_outage_under_the_name_of_wrong_settings() {
    let client = |text| Class::of(&RedisError::from((ErrorKind::Client, text)));
    assert_eq!(
        client("Slot refresh error. didn't get any slots from server"),
        Class::Ambiguous
    );
    assert_eq!(client("Missing slot coverage"), Class::Ambiguous);
    assert_eq!(
        client("request wasn't handled due to internal failure"),
        Class::Ambiguous
    );
    let config = |text| Class::of(&RedisError::from((ErrorKind::InvalidClientConfig, text)));
    assert_eq!(config("No address found for host"), Class::Unreachable);
    assert_eq!(
        config("could not resolve to any addresses"),
        Class::Unreachable
    );
    let sentinel = (
        ErrorKind::EmptySentinelList,
        "At least one sentinel is required",
    );
    assert_eq!(Class::of(&RedisError::from(sentinel)), Class::Misconfigured);
}

#[test]
fn set_up_of_a_connection_on_a_server_that_is_busy_or_full() {
    let select = |detail: &str| {
        Class::of(&RedisError::from((
            ErrorKind::Server(ServerErrorKind::ResponseError),
            "Redis server refused to switch database",
            detail.to_owned(),
        )))
    };
    assert_eq!(
        select("Redis is busy running a script. You can only call SCRIPT KILL"),
        Class::Unavailable
    );
    assert_eq!(select("max number of clients reached"), Class::Unavailable);
    assert_eq!(select("DB index is out of range"), Class::Permanent);
}

#[test]
fn a_script_that_failed_half_way() {
    let script =
        |name: &str, text: &str| code(name, &format!("{text} script: f_1, on @user_script:1."));
    // These are met at the first write of a script or not at all.
    for (name, class) in [
        ("OOM", Class::WriteRefused),
        ("NOREPLICAS", Class::WriteRefused),
        ("MISCONF", Class::WriteRefused),
        ("READONLY", Class::Unavailable),
        ("UNBLOCKED", Class::Ambiguous),
    ] {
        assert_eq!(script(name, "not now"), class, "{name}");
    }
    assert_eq!(script("MYERR", "oops"), Class::Permanent);
}

#[test]
fn a_stored_value_cannot_pass_for_a_cut_reply() {
    let parsing = |text: &str| Class::of(&RedisError::from(ParsingError::from(text)));
    assert_eq!(
        parsing("Parse error at 5\nUnexpected end of input"),
        Class::Ambiguous
    );
    assert_eq!(
        parsing("not a date: \"Parse error at end of input\""),
        Class::Permanent
    );
}
