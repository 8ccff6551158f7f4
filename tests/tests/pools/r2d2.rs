//! `r2d2`, in synchronous code.

use ::r2d2::Pool;
use redis::{Client, Commands, RedisError};
use redis_resilient::{Class, redis_resilient};

use super::*;

/// As applications have it.
#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("no connection")]
    Pool(#[from] ::r2d2::Error),
    #[error("Redis failed")]
    Redis(#[from] RedisError),
}

/// A pool of one connection, made when it is asked for.
fn pool(url: &str) -> redis::RedisResult<Pool<Client>> {
    let builder = Pool::builder()
        .max_size(1)
        .min_idle(Some(0))
        .connection_timeout(ACQUIRE)
        // It says each failure on stderr otherwise.
        .error_handler(Box::new(::r2d2::NopErrorHandler));
    Ok(builder.build_unchecked(Client::open(url)?))
}

#[redis_resilient(retries = 2, backoff = "none", idempotent = false, breaker = false)]
fn count(pool: &Pool<Client>, tries: &Tries) -> Result<u64, AppError> {
    tries.add();
    Ok(pool.get()?.incr("n", 1)?)
}

#[redis_resilient(retries = 2, backoff = "none", idempotent = false, breaker = false)]
fn pop(pool: &Pool<Client>, tries: &Tries) -> Result<Option<(String, String)>, AppError> {
    tries.add();
    Ok(pool.get()?.blpop("queue", 0.0)?)
}

#[test]
fn a_pool_that_has_connections_gives_them() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    assert_eq!(count(&pool, &tries)?, 1);
    assert_eq!(count(&pool, &tries)?, 2);
    Ok(())
}

#[test]
fn a_pool_that_is_used_up_is_asked_again() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    let held = pool.get()?;
    let error = count(&pool, &tries).expect_err("there is no other");
    assert!(matches!(error, AppError::Pool(_)), "{error:?}");
    assert_eq!(Class::of(&error), Class::Unreachable);
    assert_eq!(tries.take(), 3, "nothing was sent");
    let deep = anyhow::Error::from(error).context("counting");
    assert_eq!(Class::of(&*deep), Class::Unreachable);
    drop(held);
    assert_eq!(count(&pool, &tries)?, 1);
    Ok(())
}

#[test]
fn a_server_that_is_gone_when_a_connection_is_made() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    server.kill();
    let error = count(&pool, &tries).expect_err("nobody listens");
    assert_eq!(Class::of(&error), Class::Unreachable, "{error:?}");
    assert_eq!(tries.take(), 3, "nothing was sent");
    Ok(())
}

#[test]
fn a_server_that_is_killed_in_a_command_may_have_run_it() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    let killing = kill_in_command(server);
    let error = pop(&pool, &tries).expect_err("it is killed");
    assert!(matches!(error, AppError::Redis(_)), "{error:?}");
    assert_eq!(Class::of(&error), Class::Ambiguous);
    assert_eq!(tries.take(), 1, "it may have run");
    killing.join().map_err(|_| "it panicked")??;
    Ok(())
}

#[test]
fn a_wrong_password_is_not_tried_again() -> TestResult {
    let (_server, url) = with_wrong_password()?;
    let (pool, tries) = (pool(&url)?, Tries::default());
    let error = count(&pool, &tries).expect_err("it is wrong");
    assert_eq!(Class::of(&error), Class::Misconfigured, "{error:?}");
    assert_eq!(tries.take(), 1);
    Ok(())
}
