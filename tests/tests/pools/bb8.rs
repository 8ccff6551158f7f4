//! `bb8`, with redis-rs's own manager; that of `bb8-redis` has the same errors.

use ::bb8::{Pool, RunError};
use redis::{AsyncCommands, Client, RedisError};
use redis_resilient::{Class, redis_resilient};

use super::*;

/// As applications have it.
#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("no connection")]
    Pool(#[from] RunError<RedisError>),
    #[error("Redis failed")]
    Redis(#[from] RedisError),
}

/// A pool of one connection, made when it is asked for.
fn pool(url: &str) -> redis::RedisResult<Pool<Client>> {
    let builder = Pool::builder().max_size(1).connection_timeout(ACQUIRE);
    Ok(builder.build_unchecked(Client::open(url)?))
}

#[redis_resilient(retries = 2, backoff = "none", idempotent = false, breaker = false)]
async fn count(pool: &Pool<Client>, tries: &Tries) -> Result<u64, AppError> {
    tries.add();
    Ok(pool.get().await?.incr("n", 1).await?)
}

/// With the pool's error for its own.
#[redis_resilient(retries = 2, backoff = "none", idempotent = false, breaker = false)]
async fn pop(
    pool: &Pool<Client>,
    tries: &Tries,
) -> Result<Option<(String, String)>, RunError<RedisError>> {
    tries.add();
    Ok(pool.get().await?.blpop("queue", 0.0).await?)
}

#[tokio::test]
async fn a_pool_that_has_connections_gives_them() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    assert_eq!(count(&pool, &tries).await?, 1);
    assert_eq!(count(&pool, &tries).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_pool_that_is_used_up_is_asked_again() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    let held = pool.get().await?;
    let error = count(&pool, &tries).await.expect_err("there is no other");
    assert!(
        matches!(error, AppError::Pool(RunError::TimedOut)),
        "{error:?}"
    );
    assert_eq!(Class::of(&error), Class::Unreachable);
    assert_eq!(tries.take(), 3, "nothing was sent");
    let deep = anyhow::Error::from(error).context("counting");
    assert_eq!(Class::of(&*deep), Class::Unreachable);
    drop(held);
    assert_eq!(count(&pool, &tries).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_gone_when_a_connection_is_made() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    server.kill();
    let error = count(&pool, &tries).await.expect_err("nobody listens");
    assert_eq!(Class::of(&error), Class::Unreachable, "{error:?}");
    assert_eq!(tries.take(), 3, "nothing was sent");
    server.restart()?;
    assert_eq!(count(&pool, &tries).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_killed_in_a_command_may_have_run_it() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    let killing = kill_in_command(server);
    let error = pop(&pool, &tries).await.expect_err("it is killed");
    assert!(matches!(error, RunError::User(_)), "{error:?}");
    assert_eq!(Class::of(&error), Class::Ambiguous);
    assert_eq!(tries.take(), 1, "it may have run");
    killing.join().map_err(|_| "it panicked")??;
    Ok(())
}
