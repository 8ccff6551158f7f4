//! What it means that a pool had no connection to give.

use std::error::Error;

use redis::RedisError;

use super::Class;
use super::tagged::tagged;

/// The failure to get a connection, from any pool: whatever happened, no command was sent.
///
/// With the features `deadpool-redis`, `bb8` and `r2d2` the errors of these pools have their class without it, but for two: `deadpool`'s
/// `PoolError::Backend` and `bb8`'s `RunError::User` hold the failure of a connect, or that of a command, since `?` makes them of any
/// `RedisError`. A timeout or a cut connection in there is [`Ambiguous`](Class::Ambiguous), and a function that is `idempotent = false` is not
/// tried again after it, unless this says where it comes from.
///
/// What says that the settings are wrong, such as a wrong password, stays [`Misconfigured`](Class::Misconfigured), and what the server
/// answered keeps its class. All others become [`Unreachable`](Class::Unreachable), also the errors of pools of which nothing is known here.
///
/// ```
/// use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
/// use redis_resilient::{never_sent, redis_resilient};
/// # struct Pool;
/// # impl Pool {
/// #     async fn get(&self) -> Result<MultiplexedConnection, std::io::Error> { Err(std::io::ErrorKind::TimedOut.into()) }
/// # }
///
/// #[redis_resilient(idempotent = false)]
/// async fn count(pool: &Pool, page: &str) -> RedisResult<u64> {
///     let mut redis = pool.get().await.map_err(never_sent)?;
///     redis.incr(page, 1).await
/// }
/// ```
#[must_use = "it is the error to return"]
pub fn never_sent(error: impl Into<Box<dyn Error + Send + Sync>>) -> RedisError {
    let error = error.into();
    tagged(without_command(Class::of(&*error)), error)
}

/// The class of a failure that came before any command, from what its error looks like.
const fn without_command(class: Class) -> Class {
    match class {
        Class::Ambiguous | Class::NotIdempotent | Class::NotRedis => Class::Unreachable,
        _ => class,
    }
}

/// What one link of a chain of errors says as a pool's.
#[cfg(any(feature = "deadpool-redis", feature = "bb8", feature = "r2d2"))]
pub(super) fn class_in(link: &(dyn Error + 'static)) -> Option<Class> {
    #[cfg(feature = "deadpool-redis")]
    if let Some(error) = link.downcast_ref::<deadpool::managed::PoolError<RedisError>>() {
        return of_deadpool(error);
    }
    #[cfg(feature = "bb8")]
    if let Some(bb8::RunError::TimedOut) = link.downcast_ref::<bb8::RunError<RedisError>>() {
        return Some(Class::Unreachable);
    }
    #[cfg(feature = "r2d2")]
    if let Some(error) = link.downcast_ref::<r2d2::Error>() {
        return Some(of_r2d2(error));
    }
    None
}

/// `None`: what is inside says it.
#[cfg(feature = "deadpool-redis")]
fn of_deadpool(error: &deadpool::managed::PoolError<RedisError>) -> Option<Class> {
    use deadpool::managed::{HookError, PoolError};
    match error {
        // `?` makes it of a command's failure too.
        PoolError::Backend(_) => None,
        PoolError::PostCreateHook(HookError::Backend(error)) => {
            Some(without_command(Class::of(error)))
        }
        PoolError::Timeout(_) | PoolError::Closed | PoolError::PostCreateHook(_) => {
            Some(Class::Unreachable)
        }
        // It has timeouts and nothing that measures time.
        PoolError::NoRuntimeSpecified => Some(Class::Misconfigured),
    }
}

/// Of the last failure to connect it keeps the text only, as redis-rs writes it.
#[cfg(feature = "r2d2")]
fn of_r2d2(error: &r2d2::Error) -> Class {
    let text = error.to_string();
    if text.contains(" - AuthenticationFailed") {
        Class::Misconfigured
    } else if text.contains(" - InvalidClientConfig") {
        without_command(super::redis::of_client(&text))
    } else {
        Class::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use redis::ErrorKind;

    use super::*;

    fn io_error(kind: io::ErrorKind) -> RedisError {
        RedisError::from(io::Error::from(kind))
    }

    #[test]
    fn what_came_before_any_command_was_never_sent() {
        let stranger = "the pool has nothing to give";
        assert_eq!(Class::of(&never_sent(stranger)), Class::Unreachable);
        assert!(never_sent(stranger).to_string().contains(stranger));
        for kind in [io::ErrorKind::TimedOut, io::ErrorKind::ConnectionReset] {
            let error = io_error(kind);
            assert_eq!(Class::of(&error), Class::Ambiguous);
            let error = never_sent(error);
            assert_eq!(Class::of(&error), Class::Unreachable);
            assert_eq!(error.is_timeout(), kind == io::ErrorKind::TimedOut);
        }
    }

    #[test]
    fn what_is_known_of_it_stays() {
        let wrong = RedisError::from((ErrorKind::AuthenticationFailed, "wrong password"));
        assert_eq!(Class::of(&never_sent(wrong)), Class::Misconfigured);
        let busy: RedisError = redis::make_extension_error("BUSY".into(), None);
        assert_eq!(Class::of(&never_sent(busy)), Class::Unavailable);
    }

    #[cfg(feature = "deadpool-redis")]
    #[test]
    fn deadpool_s_own_failures() {
        use deadpool::managed::{HookError, PoolError, TimeoutType};

        let timed_out = || io_error(io::ErrorKind::TimedOut);
        for (error, class) in [
            (PoolError::Timeout(TimeoutType::Wait), Class::Unreachable),
            (PoolError::Timeout(TimeoutType::Create), Class::Unreachable),
            (PoolError::Closed, Class::Unreachable),
            (
                PoolError::PostCreateHook(HookError::message("no")),
                Class::Unreachable,
            ),
            (
                PoolError::PostCreateHook(HookError::Backend(timed_out())),
                Class::Unreachable,
            ),
            (PoolError::NoRuntimeSpecified, Class::Misconfigured),
            (PoolError::from(timed_out()), Class::Ambiguous),
        ] {
            assert_eq!(Class::of(&error), class, "{error}");
            let deep = anyhow::Error::from(error).context("counting");
            assert_eq!(Class::of(&*deep), class, "{deep:#}");
        }
        let connecting = PoolError::Backend(timed_out());
        assert_eq!(Class::of(&never_sent(connecting)), Class::Unreachable);
    }

    #[cfg(feature = "bb8")]
    #[test]
    fn bb8_s_own_failures() {
        use bb8::RunError;

        let timed_out = || io_error(io::ErrorKind::TimedOut);
        assert_eq!(
            Class::of(&RunError::<RedisError>::TimedOut),
            Class::Unreachable
        );
        let user = RunError::from(timed_out());
        assert_eq!(Class::of(&user), Class::Ambiguous);
        assert_eq!(Class::of(&never_sent(user)), Class::Unreachable);
    }
}
