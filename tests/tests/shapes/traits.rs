//! Methods of traits.

use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use redis::{AsyncCommands, FromRedisValue, RedisResult};
use redis_resilient::redis_resilient;
use tokio::sync::Notify;

use crate::support::{Conn, Redis, TestResult, refuse_twice, refusing_twice, tried_three_times};

struct Users {
    conn: Conn,
    prefix: String,
    calls: usize,
}

impl Users {
    fn new(conn: Conn) -> Self {
        Users {
            conn,
            prefix: "user:".into(),
            calls: 0,
        }
    }

    #[expect(clippy::unused_async, reason = "a fallback may be a future")]
    async fn length(&self, key: &str) -> RedisResult<i64> {
        Ok(i64::try_from(self.prefix.len() + key.len()).unwrap_or(0))
    }
}

trait Incr {
    fn incr(&mut self) -> RedisResult<u32>;
}

impl Incr for Redis {
    #[redis_resilient(breaker = false, backoff = "none")]
    fn incr(&mut self) -> RedisResult<u32> {
        self.ask()
    }
}

trait Bump {
    fn bump(&mut self) -> impl Future<Output = RedisResult<i64>> + Send;
}

impl Bump for Users {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn bump(&mut self) -> RedisResult<i64> {
        self.conn.incr("n", 1).await
    }
}

trait Load {
    async fn load(&self, key: &str) -> RedisResult<String>;
}

impl Load for Redis {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn load(&self, key: &str) -> RedisResult<String> {
        self.get().await.map(|asked| format!("{key}{asked}"))
    }
}

// row 44 | the method of a trait `impl`: sync, a native `async fn`, an `async fn` for `-> impl Future`
#[tokio::test]
async fn row_44_sync_method_and_native_async_method() -> TestResult {
    assert_eq!(Redis::starting().incr()?, 3);
    assert_eq!(Redis::starting().load("key").await?, "key3");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_44_async_method_for_a_returned_future_that_is_send() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    let mut users = Users::new(conn);
    let value = tokio::spawn(async move { Bump::bump(&mut users).await }).await??;
    assert_eq!(value, 1);
    tried_three_times(&server);
    Ok(())
}

trait Cached: Sync {
    fn redis(&self) -> &Redis;
    fn database(&self) -> impl Future<Output = RedisResult<u32>> + Send;

    #[redis_resilient(breaker = false, backoff = "none", retries = 1, fallback = self.database, fallback_limit = 1)]
    async fn cached(&self) -> RedisResult<u32> {
        ready(self.redis().ask()).await
    }
}

struct Slow(Redis, Notify);

impl Cached for Slow {
    fn redis(&self) -> &Redis {
        &self.0
    }

    async fn database(&self) -> RedisResult<u32> {
        self.1.notified().await;
        Ok(100)
    }
}

struct Fast(Redis);

impl Cached for Fast {
    fn redis(&self) -> &Redis {
        &self.0
    }

    fn database(&self) -> impl Future<Output = RedisResult<u32>> + Send {
        ready(Ok(200))
    }
}

// row 45 | a provided method of a trait: all implementors share its policy and its `fallback_limit` | async-trait#2, async-trait#123
#[tokio::test]
async fn row_45_provided_method() -> TestResult {
    let slow = Slow(Redis::starting(), Notify::new());
    let fast = Fast(Redis::starting());
    {
        let mut in_fallback = pin!(slow.cached());
        let first = poll_fn(|context| Poll::Ready(in_fallback.as_mut().poll(context))).await;
        assert!(first.is_pending());
        assert!(fast.cached().await.is_err(), "the one place is taken");
        slow.1.notify_one();
        assert_eq!(in_fallback.await?, 100);
    }
    assert_eq!((slow.0.asked(), fast.0.asked()), (2, 2));
    let fast = Fast(Redis::starting());
    assert_eq!(fast.cached().await?, 200);
    assert_eq!(fast.cached().await?, 3);
    Ok(())
}

#[async_trait]
trait Store {
    async fn bump(&mut self, key: String) -> RedisResult<i64>;
    async fn with_fallback(&self, key: &str) -> RedisResult<i64>;
}

#[async_trait]
impl Store for Users {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn bump(&mut self, key: String) -> RedisResult<i64> {
        self.calls += 1;
        let n: i64 = self.conn.incr(&key, 1).await?;
        if n == 0 {
            return Ok(-1);
        }
        Ok(n)
    }

    #[redis_resilient(breaker = false, retries = 1, delay = "1ms", fallback = Self::length)]
    async fn with_fallback(&self, key: &str) -> RedisResult<i64> {
        self.conn.clone().incr(key, 1).await
    }
}

// row 47 | a method inside of `#[async_trait] impl`: `&mut self`, `String`, patterns, generics, `?Send`, spawned | tracing#711, tracing#1228, tracing#1297, async-trait#45
#[tokio::test]
async fn row_47_async_trait_methods() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    let mut users = Users::new(conn);
    let store: &mut (dyn Store + Send) = &mut users;
    assert_eq!(store.bump("k".into()).await?, 1);
    tried_three_times(&server);
    refuse_twice(&server);
    assert_eq!(store.with_fallback("1234").await?, 9);
    assert_eq!(users.calls, 3);
    Ok(())
}

#[async_trait]
trait Changing {
    async fn cloned(&self, key: String) -> RedisResult<String>;
    async fn hedged(&self, key: String) -> RedisResult<String>;
}

#[async_trait]
impl Changing for Redis {
    #[redis_resilient(breaker = false, backoff = "none", clone(key))]
    async fn cloned(&self, mut key: String) -> RedisResult<String> {
        key.push('!');
        self.get().await.map(|asked| key + &asked.to_string())
    }

    #[redis_resilient(breaker = false, backoff = "none", hedge = "20ms", clone(key))]
    async fn hedged(&self, mut key: String) -> RedisResult<String> {
        key.push('!');
        self.get().await.map(|asked| key + &asked.to_string())
    }
}

#[tokio::test]
async fn row_47_async_trait_with_mut_arguments_that_are_cloned() -> TestResult {
    assert_eq!(Redis::starting().cloned("k".into()).await?, "k!3");
    assert_eq!(Redis::starting().hedged("k".into()).await?, "k!3");
    Ok(())
}

#[async_trait]
trait Generic<T> {
    async fn pair(self: Arc<Self>, pair: (u32, u32)) -> RedisResult<u32>;
    async fn value<V: FromRedisValue + Send>(&self, number: i64) -> RedisResult<V>;

    #[redis_resilient(breaker = false, backoff = "none")]
    async fn provided(&self, redis: &Redis, key: String) -> RedisResult<String> {
        redis.get().await.map(|asked| format!("{key}{asked}"))
    }
}

#[async_trait]
impl<T: Send + Sync> Generic<T> for Redis {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn pair(self: Arc<Self>, (a, b): (u32, u32)) -> RedisResult<u32> {
        self.get().await.map(|asked| a + b + asked)
    }

    #[redis_resilient(breaker = false, backoff = "none")]
    async fn value<V: FromRedisValue + Send>(&self, number: i64) -> RedisResult<V> {
        self.get().await?;
        Ok(redis::from_redis_value(redis::Value::Int(number))?)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_47_async_trait_with_generics_spawned() -> TestResult {
    let new = || Arc::new(Redis::starting());
    let pair = Generic::<u8>::pair(new(), (10, 20));
    assert_eq!(tokio::spawn(pair).await??, 33);
    let redis = new();
    let value: u8 = Generic::<String>::value(&*redis, 7).await?;
    assert_eq!((value, redis.asked()), (7, 3));
    let provided = async move { Generic::<u8>::provided(&*new(), &new(), "key".into()).await };
    assert_eq!(tokio::spawn(provided).await??, "key3");
    Ok(())
}

#[async_trait(?Send)]
trait Local {
    async fn local(&self, names: Rc<Vec<String>>) -> RedisResult<usize>;
}

#[async_trait(?Send)]
impl Local for Redis {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn local(&self, names: Rc<Vec<String>>) -> RedisResult<usize> {
        let kept = Rc::clone(&names);
        self.get().await.map(|_| kept.len())
    }
}

#[tokio::test]
async fn row_47_async_trait_that_is_not_send() -> TestResult {
    let redis = Redis::starting();
    let names = Rc::new(vec![String::new()]);
    assert_eq!(redis.local(names).await?, 1);
    assert_eq!(redis.asked(), 3);
    Ok(())
}
