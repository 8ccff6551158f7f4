use std::io;
use std::sync::Arc;

use redis::ErrorKind;

use super::*;

/// A text that has lost its error.
fn plain_text(text: &str) -> String {
    shortened(&redact::redacted(&one_line(text)))
}

/// The error that redis-rs makes of a reply.
fn reply(text: &str) -> RedisError {
    let value = redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).expect("a reply");
    value.extract_error().expect_err("an error")
}

fn refused() -> RedisError {
    io::Error::from(io::ErrorKind::ConnectionRefused).into()
}

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("redis: {0} (loading a user)")]
    Shown(RedisError),
    #[error("cannot load a user")]
    Hidden(#[from] RedisError),
}

#[test]
fn a_source_is_added_where_it_says_more() {
    let text = error_text(&refused());
    assert_eq!(text, "connection refused");
    assert_eq!(error_text(&Arc::new(refused())), text);
    assert_eq!(
        error_text(&AppError::Hidden(refused())),
        format!("cannot load a user: {text}")
    );
    assert_eq!(
        error_text(&AppError::Shown(refused())),
        format!("redis: {text} (loading a user)")
    );
    let deep = anyhow::Error::from(AppError::from(refused())).context("GET /users/7");
    assert_eq!(
        error_text(deep.as_ref()),
        format!("GET /users/7: cannot load a user: {text}")
    );
    assert_eq!(error_text(&crate::never_sent(refused())), text);
}

/// As servers said it when they were sent `hunter2` where it does not belong.
#[test]
fn what_a_server_repeats_is_taken_out() {
    for (said, shown) in [
        (
            "ERR unknown command 'AUHT', with args beginning with: 'alice' 'hunter2' ",
            "unknown command 'AUHT', with args beginning with: …",
        ),
        (
            "ERR unknown subcommand 'hunter2'. Try CONFIG HELP.",
            "unknown subcommand '…'. Try CONFIG HELP.",
        ),
        (
            "ERR Unknown option or number of arguments for CONFIG SET - 'hunter2'",
            "Unknown option or number of arguments for CONFIG SET - '…'",
        ),
        (
            "ERR Error in ACL SETUSER modifier '>hunter2': Syntax error",
            "Error in ACL SETUSER modifier '…': Syntax error",
        ),
        (
            "ERR Unmatched parenthesis in acl selector starting at '(hunter2'.",
            "Unmatched parenthesis in acl selector starting at '…'.",
        ),
        (
            "ERR Syntax error in HELLO option 'hunter2'",
            "Syntax error in HELLO option '…'",
        ),
        ("ERR User 'hunter2' not found", "User '…' not found"),
        (
            "NOGROUP No such key 'st' or consumer group 'hunter2' in XREADGROUP with GROUP option",
            "NOGROUP: No such key '…' in XREADGROUP with GROUP option",
        ),
        ("ERR No such key 'it's hunter2' at all'", "No such key '…'"),
        (
            "ERR Unknown argument 'hunter2 and no more, for it was cut",
            "Unknown argument '…",
        ),
        (
            "ERR Unknown lua shebang option: hunter2",
            "Unknown lua shebang option: …",
        ),
        (
            "ERR Unrecognized REPLCONF option: hunter2",
            "Unrecognized REPLCONF option: …",
        ),
        (
            "ERR Script attempted to access nonexistent global variable 'hunter2' script: f, on @user_script:1.",
            "Script attempted to access nonexistent global variable '…' script: f, on @user_script:1.",
        ),
    ] {
        let error = reply(said);
        let text = error_text(&error);
        assert!(text.ends_with(shown), "{said}\n{text}");
        for wrapped in [
            error_text(&AppError::Shown(error.clone())),
            error_text(&AppError::Hidden(error.clone())),
            error_text(&io::Error::other(error.clone())),
            error_text(
                anyhow::Error::from(error.clone())
                    .context("loading")
                    .as_ref(),
            ),
        ] {
            assert!(wrapped.contains(shown), "{wrapped}");
            assert!(!wrapped.contains("hunter2"), "{wrapped}");
        }
    }
}

#[test]
fn what_a_server_says_by_itself_stays() {
    for said in [
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "READONLY You can't write against a read only replica.",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "ERR wrong number of arguments for 'get' command",
        "NOPERM User limited has no permissions to run the 'config|get' command",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "MOVED 3999 127.0.0.1:6381",
        "LOADING Redis is loading the dataset in memory",
        "ERR The password hash must be exactly 64 characters",
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
    ] {
        let (_, detail) = said.split_once(' ').expect("a code and more");
        assert!(error_text(&reply(said)).ends_with(detail), "{said}");
    }
    let pipeline = "Password authentication failed - AuthenticationFailed";
    let error = RedisError::from((
        ErrorKind::AuthenticationFailed,
        "Password authentication failed",
    ));
    assert_eq!(error_text(&error), pipeline);
}

#[test]
fn a_reply_that_could_not_be_read_is_not_shown() {
    let value = redis::Value::BulkString(b"hunter2".to_vec());
    let number = redis::from_redis_value_ref::<u64>(&value).expect_err("no number");
    let text = error_text(&RedisError::from(number));
    assert!(text.contains("Could not convert from string"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let parsing = |text: &str| {
        let error = RedisError::from(redis::ParsingError::from(text));
        [
            error_text(&error),
            error_text(&AppError::Shown(error.clone())),
            plain_text(&format!("cache: {error}")),
        ]
    };
    // The last two: redis-rs 1.8 has it the wrong way round in some places, and an application's own type says what it likes.
    for said in [
        "\"Response type not string compatible.\" (value was binary-data([hunter2]))",
        "\"Response type not string compatible.\" (response was bulk-string('\"hunter2\"'))",
        "array([bulk-string('\"hunter2\"')]) (value was \"Not a array response\")",
        "not a date: hunter2",
    ] {
        for text in parsing(said) {
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains("Incompatible type - "), "{text}");
        }
    }
    for text in parsing("Parse error at 1\nUnexpected `72`") {
        assert!(text.contains("Parse error at 1 Unexpected `72`"), "{text}");
    }
    let long = format!("\"no number\" (value was {})", "hunter2 ".repeat(10_000));
    for text in parsing(&long) {
        assert!(!text.contains("hunter2") && text.len() < 100, "{text}");
    }
}

#[test]
fn passwords_and_what_stands_before_a_host_are_taken_out() {
    for (said, shown) in [
        (
            "no connection to redis://alice:hunter2@db.internal:6379/0",
            "no connection to redis://db.internal:6379/0",
        ),
        (
            "\"rediss://:hunter2@one\", \"rediss://hunt@er2:hunter2@two\"",
            "\"rediss://one\", \"rediss://two\"",
        ),
        (
            "redis+unix:///run/redis.sock and unix:///x",
            "redis+unix:///run/redis.sock and unix:///x",
        ),
        (
            "user alice with password hunter2 is refused",
            "user alice with password … is refused",
        ),
        ("password=hunter2&db=1", "password=…&db=1"),
        ("Password: \"hunter2\"", "Password: \"…\""),
        ("requirepass hunter2, token=abc", "requirepass …, token=…"),
        ("the secret is out", "the secret is out"),
        (
            "Error in ACL SETUSER modifier '>hunter2': Syntax error",
            "Error in ACL SETUSER modifier '…': Syntax error",
        ),
        (
            "unknown command 'AUHT', with args beginning with: 'hunter2'",
            "unknown command 'AUHT', with args beginning with: …",
        ),
        ("can't find 'bob'", "can't find 'bob'"),
    ] {
        assert_eq!(plain_text(said), shown);
    }
}

#[test]
fn it_is_one_line_of_limited_length() {
    let text = plain_text("one\r\ntwo\n\tthree \u{1b}[31mred \u{202e}four");
    assert_eq!(text, "one two three [31mred four");
    let long = plain_text(&"ä".repeat(10_000));
    assert_eq!(long.chars().count(), MAX_CHARS);
    assert!(long.ends_with("ä…"));
    let just = "ä".repeat(MAX_CHARS);
    assert_eq!(plain_text(&just), just);
    let chained = anyhow::Error::from(refused()).context("x".repeat(5000));
    assert_eq!(error_text(chained.as_ref()).chars().count(), MAX_CHARS);
}

#[test]
fn an_error_that_panics_or_fails_when_it_is_displayed_does_no_harm() {
    #[derive(Debug)]
    struct Bad(bool);

    impl fmt::Display for Bad {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.0 {
                std::panic::resume_unwind(Box::new("displayed"));
            }
            Err(fmt::Error)
        }
    }

    impl Error for Bad {}

    assert!(error_text(&Bad(true)).contains("panics"));
    assert_eq!(error_text(&Bad(false)), "");
}
