//! Connections that know nothing of the commands they carry: redis-rs's own, and those of pools.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{AsyncCommands, Client, Commands, Connection, RedisError, Script, pipe};
use redis_resilient::{Class, never_sent, redis_resilient};

use super::*;

/// In an async function a connection of `$ty`, got by `$get` from `$from`.
macro_rules! asynchronous {
    ($name:ident, $from:ident: $ty:ty = |$url:ident| $make:expr, $get:expr) => {
        mod $name {
            use super::*;

            #[redis_resilient(breaker = false, delay = "1ms")]
            async fn count($from: &$ty, lossy: &Lossy) -> RedisResult<u64> {
                let mut redis = $get;
                lossy.next();
                redis.incr("n", 1).await
            }

            #[redis_resilient(breaker = false, delay = "1ms")]
            async fn count_by_name($from: &$ty, lossy: &Lossy) -> RedisResult<u64> {
                let mut redis = $get;
                lossy.next();
                redis::cmd("INCR").arg("n").query_async(&mut *redis).await
            }

            #[redis_resilient(breaker = false, delay = "1ms")]
            async fn count_in_pipeline($from: &$ty, lossy: &Lossy) -> RedisResult<()> {
                let mut redis = $get;
                lossy.next();
                let mut batch = pipe();
                batch.get("a");
                batch.incr("n", 1);
                batch.exec_async(&mut *redis).await
            }

            #[redis_resilient(breaker = false, delay = "1ms")]
            async fn read($from: &$ty, lossy: &Lossy) -> RedisResult<Option<u64>> {
                let mut redis = $get;
                lossy.next();
                redis.get("n").await
            }

            #[redis_resilient(breaker = false, delay = "1ms", idempotent = true)]
            async fn count_at_least_once($from: &$ty, lossy: &Lossy) -> RedisResult<u64> {
                let mut redis = $get;
                lossy.next();
                redis.incr("n", 1).await
            }

            #[tokio::test]
            async fn an_incr_is_executed_once_and_a_get_is_asked_again() -> TestResult {
                let lossy = Lossy::start()?;
                let $url = lossy.url();
                let from: $ty = $make;
                let error = count(&from, &lossy).await.expect_err("its reply is lost");
                assert_eq!(Class::of(&error), Class::Ambiguous, "{error}");
                assert_eq!((lossy.tries(), lossy.counted()?), (1, 1));
                back(async || read(&from, &lossy).await.is_ok()).await;
                lossy.tries();
                let error = count_by_name(&from, &lossy).await;
                assert!(error.is_err(), "its reply is lost");
                assert_eq!((lossy.tries(), lossy.counted()?), (1, 2));
                back(async || read(&from, &lossy).await.is_ok()).await;
                lossy.tries();
                assert!(count_in_pipeline(&from, &lossy).await.is_err());
                assert_eq!((lossy.tries(), lossy.counted()?), (1, 3));
                back(async || read(&from, &lossy).await.is_ok()).await;
                lossy.tries();
                assert_eq!(read(&from, &lossy).await?, Some(3));
                assert!(lossy.tries() > 1, "it was asked again");
                assert_eq!(count_at_least_once(&from, &lossy).await?, 5);
                Ok(())
            }
        }
    };
}

/// redis-rs's connections, and the pools, need a call or two to notice what has happened to them.
async fn back(works: impl AsyncFn() -> bool) {
    let mut left = 100;
    while !works().await {
        left -= 1;
        assert!(left > 0, "it does not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn connect_manager(url: &str) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_response_timeout(Some(Duration::from_secs(5)));
    ConnectionManager::new_with_config(Client::open(url)?, config).await
}

asynchronous!(
    connection_manager,
    manager: ConnectionManager = |url| connect_manager(&url).await?,
    Box::new(manager.clone())
);

asynchronous!(
    multiplexed_connection,
    client: Client = |url| Client::open(url)?,
    Box::new(client.get_multiplexed_async_connection().await?)
);

asynchronous!(
    bb8,
    pool: ::bb8::Pool<Client> = |url| {
        let builder = ::bb8::Pool::builder().max_size(1);
        builder.build_unchecked(Client::open(url)?)
    },
    pool.get().await.map_err(never_sent)?
);

asynchronous!(
    deadpool,
    pool: deadpool_redis::Pool = |url| {
        deadpool_redis::Config::from_url(url).create_pool(Some(deadpool_redis::Runtime::Tokio1))?
    },
    pool.get().await.map_err(never_sent)?
);

#[redis_resilient(breaker = false, delay = "1ms")]
fn count_blocking(client: &Client, lossy: &Lossy) -> RedisResult<u64> {
    let mut redis = client.get_connection()?;
    lossy.next();
    redis.incr("n", 1)
}

#[redis_resilient(breaker = false, delay = "1ms")]
fn count_by_path(client: &Client, lossy: &Lossy) -> RedisResult<u64> {
    let mut redis: Connection = client.get_connection()?;
    lossy.next();
    Commands::incr(&mut redis, "n", 1)
}

#[redis_resilient(breaker = false, delay = "1ms")]
fn count_by_script(client: &Client, lossy: &Lossy) -> RedisResult<u64> {
    let mut redis = client.get_connection()?;
    // Once for the script to be there, without a loss.
    let script = Script::new("return redis.call('INCR', KEYS[1])");
    script.load(&mut redis)?;
    lossy.next();
    script.key("n").invoke(&mut redis)
}

#[redis_resilient(breaker = false, delay = "1ms")]
fn read_blocking(client: &Client, lossy: &Lossy) -> RedisResult<Option<u64>> {
    let mut redis = client.get_connection()?;
    lossy.next();
    redis.get("n")
}

#[test]
fn a_blocking_connection() -> TestResult {
    let lossy = Lossy::start()?;
    let client = Client::open(lossy.url())?;
    for (calls, count) in [count_blocking, count_by_path, count_by_script]
        .into_iter()
        .enumerate()
    {
        assert!(count(&client, &lossy).is_err(), "its reply is lost");
        assert_eq!((lossy.tries(), lossy.counted()?), (1, calls as u64 + 1));
    }
    assert_eq!(read_blocking(&client, &lossy)?, Some(3));
    assert_eq!(lossy.tries(), 2);
    Ok(())
}

/// As applications have it.
#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("no connection")]
    Pool(#[from] ::r2d2::Error),
    #[error("Redis failed")]
    Redis(#[from] RedisError),
}

#[redis_resilient(breaker = false, delay = "1ms")]
fn push(pool: &::r2d2::Pool<Client>, lossy: &Lossy) -> Result<u64, AppError> {
    let mut redis = pool.get()?;
    lossy.next();
    Ok(redis.lpush("list", 1)?)
}

#[redis_resilient(breaker = false, delay = "1ms")]
fn length(pool: &::r2d2::Pool<Client>, lossy: &Lossy) -> Result<u64, AppError> {
    let mut redis = pool.get()?;
    lossy.next();
    Ok(redis.llen("list")?)
}

#[test]
fn r2d2() -> TestResult {
    let lossy = Lossy::start()?;
    let builder = ::r2d2::Pool::builder()
        .max_size(1)
        .error_handler(Box::new(::r2d2::NopErrorHandler));
    let pool = builder.build_unchecked(Client::open(lossy.url())?);
    assert!(push(&pool, &lossy).is_err(), "its reply is lost");
    assert_eq!(lossy.tries(), 1);
    assert_eq!(length(&pool, &lossy)?, 1);
    assert!(lossy.tries() > 1, "it was asked again");
    Ok(())
}

/// One that was cut off may be the command that shows.
#[tokio::test]
async fn an_attempt_that_takes_too_long_is_not_repeated() -> TestResult {
    #[redis_resilient(breaker = false, delay = "1ms", timeout = "200ms")]
    async fn count(redis: &mut MultiplexedConnection, lossy: &Lossy) -> RedisResult<u64> {
        if lossy.tries.fetch_add(1, Ordering::Relaxed) == 0 {
            lossy.proxy.next_reply(ReplyCut::Drop);
        }
        redis.incr("n", 1).await
    }
    let lossy = Lossy::start()?;
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let client = Client::open(lossy.url())?;
    let mut redis = client
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    assert!(count(&mut redis, &lossy).await.is_err());
    assert_eq!((lossy.tries(), lossy.counted()?), (1, 1));
    Ok(())
}
