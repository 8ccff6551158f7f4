//! Functions with a key: whose answers are shared, or cached. Redis is away in all of them.

use std::sync::Arc;

use async_trait::async_trait;
use redis::{RedisError, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::{redis_cached, redis_resilient};

use crate::support::{Redis, TestResult, loading};

/// Nobody listens there.
fn away() -> RedisResult<Connector> {
    Connector::open("redis://127.0.0.1:1/")
}

/// A row of the database.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Row(String);

#[derive(Clone)]
struct Users {
    redis: Connector,
    tenant: &'static str,
}

// row 76a | `key` with `coalesce` or `stale`: async and sync, methods, `clone(…)`, generics, patterns, a trait's own method, `#[async_trait]`
#[tokio::test]
async fn row_76_functions() -> TestResult {
    #[redis_resilient(
        retries = 2,
        backoff = "none",
        breaker = false,
        key = "{id}",
        skip(redis),
        stale = "10m"
    )]
    async fn stale(redis: &Redis, id: u64) -> RedisResult<u32> {
        redis.get().await
    }
    #[redis_resilient(
        retries = 0, breaker = false, fallback = taken, key = "{name}", skip(redis), coalesce = true, clone(name)
    )]
    fn sync(redis: &Redis, mut name: String) -> Result<Row, Arc<RedisError>> {
        name.push('!');
        redis.ask().map(|_| Row(name)).map_err(Arc::new)
    }
    #[expect(clippy::unnecessary_wraps, reason = "it is a fallback")]
    fn taken(_: &Redis, name: String) -> Result<Row, Arc<RedisError>> {
        Ok(Row(name))
    }
    #[redis_resilient(
        retries = 0, breaker = false, fallback = |_| Ok([1; N]), key = "{a}:{b:?}:{N}:{T}", coalesce = true, stale = "10m"
    )]
    async fn generic<T: Default, const N: usize>((a, b): (u8, Option<u8>)) -> RedisResult<[u8; N]> {
        let _ = T::default();
        Err(loading())
    }
    let redis = Redis::starting();
    assert_eq!(stale(&redis, 7).await?, 3);
    assert_eq!(sync(&Redis::starting(), "Ann".into())?, Row("Ann".into()));
    assert_eq!(generic::<u8, 3>((1, None)).await?, [1; 3]);
    Ok(())
}

trait Provided {
    fn name(&self) -> String;
    #[redis_resilient(retries = 0, breaker = false, fallback = Self::row, key = "{id}", coalesce = true, stale = "10m")]
    async fn get(&mut self, id: u64) -> RedisResult<Row> {
        Err(loading())
    }
    async fn row(&mut self, id: u64) -> RedisResult<Row> {
        Ok(Row(format!("{} {id}", self.name())))
    }
}

impl Provided for Users {
    fn name(&self) -> String {
        self.tenant.to_owned()
    }
}

#[async_trait]
trait Named: Send + Sync {
    async fn named(&self, name: &str, pair: (u64, u64)) -> RedisResult<Row>;
    async fn cached(&self, name: &str, pair: (u64, u64)) -> RedisResult<Row>;
}

#[async_trait]
impl Named for Users {
    #[redis_resilient(
        retries = 0, breaker = false, fallback = Ok(self.load(name, a).await?),
        key = "{self.tenant}:{name}:{a}:{b}", coalesce = true, stale = "10m"
    )]
    async fn named(&self, name: &str, (a, b): (u64, u64)) -> RedisResult<Row> {
        Err(loading())
    }

    #[redis_cached(key = "{self.tenant}:{name}:{a}:{b}", ttl = "10m", redis = self.redis)]
    async fn cached(&self, name: &str, (a, b): (u64, u64)) -> RedisResult<Row> {
        self.load(name, a + b).await
    }
}

impl Users {
    fn away(tenant: &'static str) -> RedisResult<Self> {
        Ok(Users {
            redis: away()?,
            tenant,
        })
    }

    async fn load(&self, name: &str, id: u64) -> RedisResult<Row> {
        std::future::ready(Ok(Row(format!("{} {name} {id}", self.tenant)))).await
    }

    #[redis_cached(key = "by_reference:{self.tenant}:{id}", ttl = "10m", redis = self.redis)]
    async fn by_reference(&self, id: u64) -> RedisResult<Row> {
        self.load("Ann", id).await
    }

    #[redis_cached(key = "by_mutable:{id}", ttl = "10m", redis = self.redis)]
    async fn by_mutable(&mut self, id: u64) -> RedisResult<Row> {
        self.tenant = "changed";
        self.load("Ann", id).await
    }

    #[redis_cached(key = "by_arc:{id}", ttl = "10m", redis = self.redis, background = true)]
    async fn by_arc(self: Arc<Self>, id: u64) -> RedisResult<Row> {
        self.load("Ann", id).await
    }

    #[redis_cached(key = "in_task:{name}", ttl = "10m", redis = self.redis, background = true)]
    async fn in_task(&self, name: &str) -> RedisResult<Row> {
        self.load(name, 7).await
    }
}

#[tokio::test]
async fn row_76_methods() -> TestResult {
    let (mut one, mut other) = (Users::away("one")?, Users::away("other")?);
    assert_eq!(one.get(7).await?, Row("one 7".into()));
    // Of a receiver what is in the key counts, and nothing is here. What failed has nothing to be kept from before.
    assert_eq!(other.get(7).await?, Row("other 7".into()));
    let (one, other): (Box<dyn Named>, Box<dyn Named>) = (Box::new(one), Box::new(other));
    assert_eq!(one.named("Ann", (1, 2)).await?, Row("one Ann 1".into()));
    assert_eq!(other.named("Ann", (1, 2)).await?, Row("other Ann 1".into()));
    Ok(())
}

// row 77 | `#[redis_cached]` on async and sync functions, and on methods of `&self`, `&mut self` and `self: Arc<Self>`
#[tokio::test]
async fn row_77_cached() -> TestResult {
    #[redis_cached(key = "cached:{id}", ttl = "10m")]
    async fn user(redis: &Connector, id: u64) -> RedisResult<Row> {
        Ok(Row(id.to_string()))
    }
    assert_eq!(user(&away()?, 7).await?, Row("7".into()));
    let mut users = Users::away("one")?;
    assert_eq!(users.by_reference(7).await?, Row("one Ann 7".into()));
    assert_eq!(users.by_mutable(7).await?, Row("changed Ann 7".into()));
    assert_eq!(
        Arc::new(users).by_arc(7).await?,
        Row("changed Ann 7".into())
    );
    Ok(())
}

#[test]
fn row_77_cached_in_sync() -> TestResult {
    #[redis_cached(key = "cached:{id}", ttl = "10m")]
    fn user(redis: &Connector, id: u64) -> RedisResult<Row> {
        Ok(Row(id.to_string()))
    }
    assert_eq!(user(&away()?, 7)?, Row("7".into()));
    Ok(())
}

// row 78 | `#[redis_cached]` with generics, const generics, patterns, `impl Trait` as argument, and arguments that the body uses up
#[tokio::test]
async fn row_78_cached() -> TestResult {
    #[redis_cached(key = "generic:{a}:{b}:{N}:{T}:{name}", ttl = "10m")]
    async fn generic<T, const N: usize>(
        redis: &Connector,
        (a, b): (u8, u8),
        name: impl std::fmt::Display,
    ) -> RedisResult<Vec<T>>
    where
        T: Default + Clone + Send + serde::Serialize + serde::de::DeserializeOwned + 'static,
    {
        Ok(vec![T::default(); N + usize::from(a + b)])
    }
    #[redis_cached(key = "used_up:{name}", ttl = "10m")]
    async fn used_up(redis: &Connector, name: String) -> RedisResult<Row> {
        Ok(Row(name))
    }
    let redis = away()?;
    assert_eq!(generic::<u8, 2>(&redis, (1, 1), "Ann").await?, [0; 4]);
    assert_eq!(used_up(&redis, "Ann".into()).await?, Row("Ann".into()));
    Ok(())
}

// row 79 | `#[redis_cached]` on a method inside of `#[async_trait] impl`, and in a task of its own, which has copies of `&self` and `&str`
#[tokio::test]
async fn row_79_cached() -> TestResult {
    let users = Users::away("one")?;
    assert_eq!(users.in_task("Ann").await?, Row("one Ann 7".into()));
    let named: Box<dyn Named> = Box::new(users);
    assert_eq!(named.cached("Ann", (1, 2)).await?, Row("one Ann 3".into()));
    Ok(())
}
