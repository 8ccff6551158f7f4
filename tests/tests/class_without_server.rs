//! Classes of failures that need no server: `class_table.rs` has all others.

use redis::{Client, ErrorKind, RedisError};
use redis_resilient::Class;
use redis_resilient_tests::connect;

#[test]
fn unknown_host() {
    let error = connect("redis://no-such-host.invalid/").err().unwrap();
    assert!(error.to_string().contains("lookup"), "{error}");
    assert_eq!(Class::of(&error), Class::Unreachable);
}

#[test]
fn urls_that_do_not_parse() {
    for url in [
        "",
        "redis://",
        "http://localhost/",
        "redis://localhost:port/",
        "redis://localhost/db",
    ] {
        let error = Client::open(url).unwrap_err();
        assert_eq!(Class::of(&error), Class::Misconfigured, "{url:?}");
    }
}

#[test]
fn an_application_s_own_error() {
    #[derive(Debug, thiserror::Error)]
    #[error("no such user")]
    struct NotFound;
    assert_eq!(Class::of(&NotFound), Class::NotRedis);
    let text = RedisError::from((ErrorKind::Client, "made up"));
    assert_ne!(Class::of(&text), Class::NotRedis);
}
