//! What a failure to connect means for the command that was to be sent.

use redis::{ErrorKind, RedisError};

use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

/// Whatever happened while connecting, no command was sent; and what a server said there for good is no answer to a command. What is no Redis may be
/// the proxy in front of one, which says that it is gone.
pub(crate) fn not_sent(error: RedisError) -> RedisError {
    match Class::of(&error) {
        _ if error.kind() == ErrorKind::Parse => tagged(Class::Unreachable, no_redis(&error)),
        Class::Ambiguous => tagged(Class::Unreachable, error),
        Class::Permanent => tagged(Class::Misconfigured, error),
        _ => error,
    }
}

fn no_redis(error: &RedisError) -> RedisError {
    let what = "the server does not speak the Redis protocol";
    let detail = error.detail().unwrap_or_default().to_owned();
    (ErrorKind::Parse, what, detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_that_failed_was_never_sent() {
        let io = |kind| RedisError::from(std::io::Error::from(kind));
        for kind in [
            std::io::ErrorKind::TimedOut,
            std::io::ErrorKind::ConnectionReset,
            std::io::ErrorKind::ConnectionRefused,
        ] {
            assert_eq!(Class::of(&not_sent(io(kind))), Class::Unreachable, "{kind}");
        }
        let http = redis::parse_redis_value(b"HTTP/1.1 503 Service Unavailable\r\n");
        let no_redis = not_sent(http.expect_err("it is none"));
        assert_eq!(Class::of(&no_redis), Class::Unreachable);
        assert!(
            no_redis.to_string().contains("Redis protocol"),
            "{no_redis}"
        );
        let wrong = RedisError::from((ErrorKind::AuthenticationFailed, "wrong password"));
        assert_eq!(Class::of(&not_sent(wrong)), Class::Misconfigured);
        let no_database = RedisError::from((
            ErrorKind::Server(redis::ServerErrorKind::ResponseError),
            "Redis server refused to switch database",
        ));
        assert_eq!(Class::of(&not_sent(no_database)), Class::Misconfigured);
    }
}
