//! Error types.

use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;
use std::future::ready;

use redis::{AsyncCommands, RedisError, RedisResult};
use redis_resilient::{Class, redis_resilient};

use crate::support::{Conn, Redis, TestResult, refusing_twice, shape, tried_three_times};

// row 34 | `Box<dyn Error>` as error, which is not `Send`, in a future that is spawned
shape!(
    row_34_boxed_error_that_is_not_send,
    |conn| load(conn).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn load(conn: &mut Conn) -> Result<i64, Box<dyn Error>> {
            Ok(conn.incr("n", 1).await?)
        }
    }
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_34_boxed_error_on_the_multi_thread_runtime() -> TestResult {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn incr(conn: &mut Conn) -> Result<i64, Box<dyn Error>> {
        Ok(conn.incr("n", 1).await?)
    }
    let (server, mut conn) = refusing_twice().await?;
    let value = tokio::spawn(async move { incr(&mut conn).await.ok() }).await?;
    assert_eq!(value, Some(1));
    tried_three_times(&server);
    Ok(())
}

// row 36a | a generic error `E: Error + 'static`
#[tokio::test]
async fn row_36_generic_error() -> TestResult {
    #[derive(Debug, thiserror::Error)]
    #[error("while loading")]
    struct Loading(#[from] RedisError);

    #[redis_resilient(breaker = false, timeout = false, backoff = "none")]
    async fn call<E: Error + 'static>(from: impl Fn() -> Result<u32, E>) -> Result<u32, E> {
        ready(from()).await
    }
    let redis = Redis::starting();
    assert_eq!(call(|| redis.ask().map_err(Loading)).await?, 3);
    let redis = Redis::starting();
    assert_eq!(call(|| redis.ask()).await?, 3);
    Ok(())
}

// row 37a | an error type that borrows, with `classify`
#[test]
fn row_37_error_that_borrows() {
    struct Failed<'a>(&'a str);

    #[redis_resilient(breaker = false, backoff = "none", classify = |_| Class::Unavailable)]
    fn get<'a>(key: &'a str, attempts: &Cell<u32>) -> Result<u32, Failed<'a>> {
        attempts.set(attempts.get() + 1);
        Err(Failed(key))
    }
    let attempts = Cell::new(0);
    let key = String::from("key");
    assert!(matches!(get(&key, &attempts), Err(Failed("key"))));
    assert_eq!(attempts.get(), 4);
}

// row 38 | `Infallible`, `impl Error`, `T::Error` as error
#[tokio::test]
async fn row_38_errors_without_a_plain_name() -> TestResult {
    #[redis_resilient(breaker = false, timeout = false)]
    async fn infallible(redis: &Redis) -> Result<u32, Infallible> {
        Ok(redis.get().await.unwrap_or_default())
    }
    #[redis_resilient(breaker = false, timeout = false, backoff = "none")]
    async fn opaque(redis: &Redis) -> Result<u32, impl Error + use<>> {
        redis.get().await
    }
    assert_eq!(infallible(&Redis::starting()).await?, 0);
    assert_eq!(opaque(&Redis::starting()).await?, 3);
    Ok(())
}

#[tokio::test]
async fn row_38_error_of_a_trait() -> TestResult {
    trait Source {
        type Error: From<RedisError> + Error + 'static;
        fn load(&self) -> Result<u32, Self::Error>;
    }
    impl Source for Redis {
        type Error = RedisError;
        fn load(&self) -> RedisResult<u32> {
            self.ask()
        }
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn from<T: Source>(source: &T) -> Result<u32, T::Error> {
        ready(source.load()).await
    }
    assert_eq!(from(&Redis::starting()).await?, 3);
    Ok(())
}
