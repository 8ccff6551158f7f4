//! What has to be the same in every edition; each of the crates has this file as a module.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use redis_resilient::redis_resilient;

pub(crate) type TestResult = Result<(), Box<dyn Error>>;

/// Stands in for a Redis that cannot serve yet when it is asked for the first and for the second time.
pub(crate) struct Redis(AtomicU32);

impl Redis {
    pub(crate) fn starting() -> Self {
        Redis(AtomicU32::new(0))
    }

    /// How often it has been asked, this time included.
    pub(crate) fn ask(&self) -> RedisResult<u32> {
        match self.0.fetch_add(1, Relaxed) + 1 {
            1 | 2 => Err(RedisError::from((
                ErrorKind::Server(ServerErrorKind::BusyLoading),
                "Redis is loading the dataset in memory",
            ))),
            asked => Ok(asked),
        }
    }

    pub(crate) async fn get(&self) -> RedisResult<u32> {
        tokio::task::yield_now().await;
        self.ask()
    }
}

#[tokio::test]
async fn functions() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn free(redis: &mut Redis, key: String) -> RedisResult<String> {
        let asked = redis.get().await?;
        if asked == 0 {
            return Ok(String::new());
        }
        Ok(format!("{key}{asked}"))
    }
    #[redis_resilient(breaker = false, backoff = "none", clone(key))]
    fn sync(redis: &Redis, key: String) -> RedisResult<String> {
        let asked = redis.ask()?;
        let own = move || key;
        Ok(own() + &asked.to_string())
    }
    let key = || "key".to_owned();
    assert_eq!(free(&mut Redis::starting(), key()).await?, "key3");
    assert_eq!(sync(&Redis::starting(), key())?, "key3");
    Ok(())
}

struct Users {
    redis: Redis,
    name: String,
    calls: u32,
}

impl Users {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn name(&mut self) -> RedisResult<&str> {
        self.calls += 1;
        self.redis.get().await?;
        Ok(&self.name)
    }

    #[redis_resilient(breaker = false, backoff = "none")]
    fn name_sync(&mut self) -> RedisResult<&str> {
        self.calls += 1;
        self.redis.ask()?;
        Ok(&self.name)
    }

    #[redis_resilient(breaker = false, retries = 1, backoff = "none", fallback = [|error| Err(error), self.database, Ok(id)])]
    async fn id(&self, id: u32) -> RedisResult<u32> {
        self.redis.get().await.map(|asked| asked + id)
    }

    async fn database(&self, id: u32) -> RedisResult<u32> {
        tokio::task::yield_now().await;
        Ok(id + self.calls)
    }
}

// What is borrowed by the body is decided field by field, also in an edition whose own closures take the whole.
#[tokio::test]
async fn borrows_of_mutable_self() -> TestResult {
    let mut users = Users {
        redis: Redis::starting(),
        name: "users".to_owned(),
        calls: 0,
    };
    assert_eq!(users.name().await?, "users");
    users.redis = Redis::starting();
    assert_eq!(users.name_sync()?, "users");
    assert_eq!(users.calls, 6);
    users.redis = Redis::starting();
    assert_eq!(users.id(10).await?, 16);
    Ok(())
}

#[async_trait]
trait Store {
    async fn load(&mut self, key: String) -> RedisResult<String>;
}

#[async_trait]
impl Store for Redis {
    #[redis_resilient(breaker = false, backoff = "none", fallback = Ok(key))]
    async fn load(&mut self, key: String) -> RedisResult<String> {
        self.get()
            .await
            .map(|asked| key.clone() + &asked.to_string())
    }
}

#[tokio::test]
async fn methods_of_async_trait() -> TestResult {
    let mut redis = Redis::starting();
    let store: &mut (dyn Store + Send) = &mut redis;
    assert_eq!(store.load("key".to_owned()).await?, "key3");
    Ok(())
}

macro_rules! function {
    ($name:ident, $output:ty, $key:ident => $body:expr) => {
        #[redis_resilient(breaker = false, backoff = "none")]
        async fn $name(redis: &Redis, $key: &str) -> $output {
            let asked = redis.get().await?;
            Ok($body + asked.to_string().as_str())
        }
    };
}
function!(made, RedisResult<String>, key => key.to_owned());

#[tokio::test]
async fn made_by_a_macro() -> TestResult {
    assert_eq!(made(&Redis::starting(), "key").await?, "key3");
    Ok(())
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn noisy(&self, name: &'static str) -> Noisy {
        Noisy(name, self.clone())
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().expect("no test panics with it"))
    }
}

struct Noisy(&'static str, Log);

impl Noisy {
    fn get(&self, redis: &Redis) -> RedisResult<usize> {
        redis.ask().map(|_| self.0.len())
    }

    async fn get_later(&self, redis: &Redis) -> RedisResult<usize> {
        redis.get().await.map(|_| self.0.len())
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        self.1
            .0
            .lock()
            .expect("no test panics with it")
            .push(self.0);
    }
}

macro_rules! drops {
    ($(#[$attribute:meta])* $sync:ident, $asynchronous:ident) => {
        $(#[$attribute])*
        fn $sync(redis: &Redis, log: &Log, _argument: Noisy, _: Noisy) -> RedisResult<usize> {
            let _local = log.noisy("local");
            log.noisy("of the last expression").get(redis)
        }

        $(#[$attribute])*
        async fn $asynchronous(redis: &Redis, log: &Log, _argument: Noisy, _: Noisy) -> RedisResult<usize> {
            let _local = log.noisy("local");
            log.noisy("of the last expression").get_later(redis).await
        }
    };
}
drops!(plain, plain_async);
drops!(
    #[redis_resilient(breaker = false)]
    resilient,
    resilient_async
);

macro_rules! drops_in_async_trait {
    ($(#[$attribute:meta])* $name:ident) => {
        #[async_trait]
        impl Drops for $name {
            $(#[$attribute])*
            async fn drops(&self, log: &Log, _argument: Noisy, (_taken, _): (Noisy, Noisy)) -> RedisResult<usize> {
                let _local = log.noisy("local");
                log.noisy("of the last expression").get_later(&self.0).await
            }
        }
    };
}

#[async_trait]
trait Drops {
    async fn drops(&self, log: &Log, argument: Noisy, pair: (Noisy, Noisy)) -> RedisResult<usize>;
}

struct Plain(Redis);
struct Resilient(Redis);
drops_in_async_trait!(Plain);
drops_in_async_trait!(
    #[redis_resilient(breaker = false)]
    Resilient
);

#[tokio::test]
async fn drop_order_in_async_trait() -> TestResult {
    let log = Log::default();
    let redis = Redis::starting();
    while redis.ask().is_err() {}
    let arguments = || ["argument", "taken", "left"].map(|name| log.noisy(name));
    let [a, b, c] = arguments();
    let plain = Plain(redis);
    let _ = plain.drops(&log, a, (b, c)).await?;
    let of_plain = log.take();
    let [a, b, c] = arguments();
    let _ = Resilient(plain.0).drops(&log, a, (b, c)).await?;
    assert_eq!(log.take(), of_plain);
    Ok(())
}

// The editions differ in this: up to 2021 the last expression's values are dropped after the variables.
#[tokio::test]
async fn drop_order_is_that_of_the_edition() -> TestResult {
    let log = Log::default();
    let redis = Redis::starting();
    while redis.ask().is_err() {}
    let [a, b] = ["argument", "without a name"];
    let _ = plain(&redis, &log, log.noisy(a), log.noisy(b))?;
    let of_plain = log.take();
    let _ = resilient(&redis, &log, log.noisy(a), log.noisy(b))?;
    assert_eq!(log.take(), of_plain);
    let _ = plain_async(&redis, &log, log.noisy(a), log.noisy(b)).await?;
    let of_plain = log.take();
    let _ = resilient_async(&redis, &log, log.noisy(a), log.noisy(b)).await?;
    assert_eq!(log.take(), of_plain);
    Ok(())
}
