//! `deadpool-redis`.

use deadpool_redis::{Config, Connection, Pool, PoolConfig, PoolError, Runtime, Timeouts};
use redis::{AsyncCommands, RedisError, RedisResult};
use redis_resilient::{Breaker, Class, State, never_sent, redis_resilient};
use redis_resilient_testkit::{FaultProxy, WireFault};

use super::*;

/// As applications have it.
#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("no connection")]
    Pool(#[from] PoolError),
    #[error("Redis failed")]
    Redis(#[from] RedisError),
}

/// A pool of one connection.
fn pool(url: &str) -> Result<Pool, Box<dyn std::error::Error>> {
    let mut timeouts = Timeouts::new();
    timeouts.wait = Some(ACQUIRE);
    let mut config = Config::from_url(url);
    config.pool = Some(PoolConfig {
        max_size: 1,
        timeouts,
        ..PoolConfig::default()
    });
    Ok(config.create_pool(Some(Runtime::Tokio1))?)
}

#[redis_resilient(retries = 2, backoff = "none", idempotent = false, breaker = false)]
async fn count(pool: &Pool, tries: &Tries) -> Result<u64, AppError> {
    tries.add();
    Ok(pool.get().await?.incr("n", 1).await?)
}

#[redis_resilient(retries = 2, backoff = "none", idempotent = false, breaker = false)]
async fn pop(pool: &Pool, tries: &Tries) -> Result<Option<(String, String)>, AppError> {
    tries.add();
    Ok(pool.get().await?.blpop("queue", 0.0).await?)
}

/// With the pool's error for its own.
#[redis_resilient(retries = 1, backoff = "none", idempotent = false, breaker = false)]
async fn count_plainly(pool: &Pool, tries: &Tries) -> Result<u64, PoolError> {
    tries.add();
    Ok(pool.get().await?.incr("n", 1).await?)
}

/// With redis-rs's error, which says where it comes from.
#[redis_resilient(retries = 1, backoff = "none", idempotent = false, breaker = false)]
async fn count_telling(pool: &Pool, tries: &Tries) -> RedisResult<u64> {
    tries.add();
    let mut redis: Connection = pool.get().await.map_err(never_sent)?;
    redis.incr("n", 1).await
}

#[tokio::test]
async fn a_pool_that_has_connections_gives_them() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    assert_eq!(count(&pool, &tries).await?, 1);
    assert_eq!(count(&pool, &tries).await?, 2);
    assert_eq!(tries.take(), 2);
    Ok(())
}

#[tokio::test]
async fn a_pool_that_is_used_up_is_asked_again() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    let held = pool.get().await?;
    let error = count(&pool, &tries).await.expect_err("there is no other");
    assert!(
        matches!(error, AppError::Pool(PoolError::Timeout(_))),
        "{error:?}"
    );
    assert_eq!(Class::of(&error), Class::Unreachable);
    assert_eq!(tries.take(), 3, "nothing was sent");
    let deep = anyhow::Error::from(error).context("counting");
    assert_eq!(Class::of(&*deep), Class::Unreachable);
    drop(held);
    assert_eq!(count(&pool, &tries).await?, 1);
    pool.close();
    let error = count(&pool, &tries).await.expect_err("it is closed");
    assert_eq!(Class::of(&error), Class::Unreachable);
    Ok(())
}

#[tokio::test]
async fn a_pool_that_is_used_up_opens_the_circuit() -> TestResult {
    static BREAKER: Breaker = Breaker::new("deadpool, used up").failure_threshold(3);

    #[redis_resilient(retries = 2, backoff = "none", breaker = BREAKER)]
    async fn ping(pool: &Pool) -> Result<(), AppError> {
        Ok(redis::cmd("PING")
            .exec_async(&mut pool.get().await?)
            .await?)
    }

    let server = server()?;
    let pool = pool(&server.url())?;
    let _held = pool.get().await?;
    assert!(ping(&pool).await.is_err());
    assert_eq!(BREAKER.state(), State::Open);
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_gone_when_a_connection_is_made() -> TestResult {
    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    server.kill();
    let error = count(&pool, &tries).await.expect_err("nobody listens");
    assert!(
        matches!(error, AppError::Pool(PoolError::Backend(_))),
        "{error:?}"
    );
    assert_eq!(Class::of(&error), Class::Unreachable);
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
    assert!(matches!(error, AppError::Redis(_)), "{error:?}");
    assert_eq!(Class::of(&error), Class::Ambiguous);
    assert_eq!(tries.take(), 1, "it may have run");
    killing.join().map_err(|_| "it panicked")??;
    Ok(())
}

#[tokio::test]
async fn a_timeout_is_that_of_a_connect_only_where_the_function_says_so() -> TestResult {
    let server = server()?;
    let proxy = FaultProxy::to(server.addr())?;
    let (pool, tries) = (pool(&proxy.url())?, Tries::default());
    proxy.set(WireFault::BlackHole);
    let error = count_plainly(&pool, &tries).await.expect_err("no answer");
    assert_eq!(Class::of(&error), Class::Ambiguous, "{error}");
    assert_eq!(tries.take(), 1);
    let error = count_telling(&pool, &tries).await.expect_err("no answer");
    assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    assert_eq!(tries.take(), 2, "nothing was sent");
    Ok(())
}

#[tokio::test]
async fn a_command_s_failure_in_the_pool_s_own_error_may_have_run() -> TestResult {
    #[redis_resilient(retries = 2, backoff = "none", idempotent = false, breaker = false)]
    async fn pop(pool: &Pool, tries: &Tries) -> Result<Option<(String, String)>, PoolError> {
        tries.add();
        Ok(pool.get().await?.blpop("queue", 0.0).await?)
    }

    let server = server()?;
    let (pool, tries) = (pool(&server.url())?, Tries::default());
    let killing = kill_in_command(server);
    let error = pop(&pool, &tries).await.expect_err("it is killed");
    assert_eq!(Class::of(&error), Class::Ambiguous, "{error:?}");
    assert_eq!(tries.take(), 1, "it may have run");
    killing.join().map_err(|_| "it panicked")??;
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_again() -> TestResult {
    let (_server, url) = with_wrong_password()?;
    let (pool, tries) = (pool(&url)?, Tries::default());
    let error = count(&pool, &tries).await.expect_err("it is wrong");
    assert_eq!(Class::of(&error), Class::Misconfigured);
    assert_eq!(tries.take(), 1);
    Ok(())
}
