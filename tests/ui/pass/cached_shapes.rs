#![forbid(unsafe_code)]
#![allow(dead_code)]
#![deny(unused_variables, unused_mut, missing_docs, rust_2018_idioms, unused_qualifications)]
//! The functions that `#[redis_cached]` can go on.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{Debug, Display};
use std::future::{Future, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::ConnectionLike;
use redis::{RedisError, RedisResult};
use redis_resilient::cache::{Json, LoadFailed, Postcard};
use redis_resilient::connection::Connector;
use redis_resilient::{Breaker, Bulkhead, redis_cached, redis_resilient};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);
static CACHE: Breaker = Breaker::new("cache");
const SHORT: Duration = Duration::from_secs(1);

/// What is loaded.
#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    name: String,
    is_new: bool,
}

/// What it is loaded from.
#[derive(Clone)]
pub struct Db;

impl Db {
    async fn user(&self, id: u64) -> Result<Option<User>, Failed> {
        ready(Ok((id > 0).then(|| User { name: String::new(), is_new: true }))).await
    }
}

/// Not there.
#[derive(Clone, Debug, thiserror::Error)]
#[error("not there")]
pub struct Failed;

impl Failed {
    fn ttl(&self) -> Duration {
        SHORT
    }
}

impl From<RedisError> for Failed {
    fn from(_: RedisError) -> Self {
        Self
    }
}

/// What may be thought of.
#[derive(Debug, thiserror::Error)]
pub enum Many {
    /// Of the file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Of another caller.
    #[error(transparent)]
    Shared(#[from] LoadFailed),
}

/// A language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lang {
    /// German.
    De,
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn plain(redis: &Connector, db: &Db, id: u64) -> Result<Option<User>, Failed> {
    db.user(id).await
}

/// With all that there is.
#[redis_cached(
    key = "user:{id}:{lang:?}",
    prefix = "shop",
    version = 2,
    ttl = |user| if user.as_ref().is_some_and(|user| user.is_new) { SHORT } else { SHORT * 60 },
    negative_ttl = "30s",
    jitter = 0.2,
    stale_if_error = "1h",
    lease = SHORT,
    codec = Postcard,
    limit = PRIMARY,
    limit_wait = "100ms",
    invalidate = forget_every_option,
    redis = app,
    timeout = "100ms",
    retries = 2,
    backoff = "fixed",
    delay = "5ms",
    breaker = CACHE,
    name = "users.get",
    crate = ::redis_resilient
)]
pub async fn every_option(app: &Arc<Connector>, id: u64, lang: Lang) -> Result<Option<User>, Failed> {
    Db.user(id + lang as u64).await
}

/// In a task of its own.
#[redis_cached(
    key = "user:{id}:{name}",
    ttl = "10m",
    stale_if_error = "1h",
    stale_while_revalidate = "1m",
    soft_timeout = "100ms",
    refresh_ahead = 1.5,
    limit = PRIMARY,
    codec = Json,
    skip(trace)
)]
pub async fn in_background(redis: &Connector, db: &Db, id: u64, name: &str, mut trace: &'static str) -> Result<Option<User>, Failed>
where
    Db: Clone,
{
    if trace.is_empty() {
        trace = "none";
    }
    let _ = (name.len(), trace);
    db.user(id).await
}

/// A repository.
#[derive(Clone)]
pub struct Repository {
    redis: Connector,
    db: Db,
    tenant: String,
    limit: Arc<Bulkhead>,
    ttl: Duration,
}

impl Repository {
    /// By reference.
    #[redis_cached(key = "{self.tenant}:user:{id}", ttl = self.ttl, redis = self.redis, limit = self.limit, invalidate = forget)]
    pub async fn by_reference(&self, id: u64) -> Result<Option<User>, Failed> {
        self.db.user(id).await
    }

    #[redis_cached(key = "{id}", ttl = "1m", redis = self.redis)]
    async fn by_mutable_reference(&mut self, id: u64) -> Result<Option<User>, Failed> {
        self.tenant.clear();
        self.db.user(id).await
    }

    #[redis_cached(key = "{id}", ttl = "1m", redis = self.redis, background = true)]
    async fn in_background(&self, id: u64) -> Result<Option<User>, Failed> {
        struct Local(u64);
        impl Local {
            fn id(&self) -> u64 {
                self.0
            }
        }
        let user = self.db.user(Local(id).id()).await?;
        let _ = format!("{} {:?}", self.tenant, stringify!(self));
        Ok(user.filter(|user| user.name == self.tenant))
    }

    #[redis_cached(key = "{id}", ttl = "1m", redis = self.redis, refresh_ahead = true)]
    async fn by_arc(self: Arc<Self>, id: u64) -> Result<Option<User>, Failed> {
        self.db.user(id).await
    }

    #[redis_cached(key = "{id}", ttl = "1m", redis = self.redis, background = true)]
    async fn by_reference_to_arc(self: &Arc<Self>, id: u64) -> Result<Option<User>, Failed> {
        self.db.user(id).await
    }

    #[redis_cached(key = "{id}", ttl = "1m", redis = self.redis)]
    async fn by_value(mut self, id: u64) -> Result<Option<User>, Failed> {
        self.tenant.clear();
        let Self { db, .. } = self;
        db.user(id).await
    }

    #[redis_cached(key = "{id}", ttl = "1m", redis = self.redis)]
    async fn by_pin(self: Pin<&mut Self>, id: u64) -> Result<Option<User>, Failed> {
        self.db.user(id).await
    }

    /// Of the type.
    #[redis_cached(key = "all", ttl = "1m", invalidate = Self::forget_all)]
    pub async fn without_self(redis: &Connector, db: &Db) -> Result<Option<User>, Failed> {
        db.user(1).await
    }

    /// Where it is got from.
    #[redis_cached(key = "{id}", ttl = "1m")]
    pub async fn of_the_body(&self, id: u64) -> RedisResult<u64> {
        redis::AsyncCommands::incr(&mut self.redis.get().await?, "loads", id).await
    }

    /// Blocking.
    #[redis_cached(key = "{id}", ttl = "1m", redis = self.redis, limit = self.limit, invalidate = forget_sync)]
    pub fn sync(&self, id: u64) -> Result<String, Failed> {
        if id == 0 {
            return Err(Failed);
        }
        Ok(self.tenant.clone())
    }
}

/// Users.
pub trait Get {
    /// One.
    fn get(&self, id: u64) -> impl Future<Output = Result<Option<User>, Failed>> + Send;
    /// A name.
    fn provided(&self, redis: &Connector, id: u64) -> Result<String, Failed>;
}

impl Get for Repository {
    #[redis_cached(key = "{id}", ttl = "1m", redis = self.redis)]
    async fn get(&self, id: u64) -> Result<Option<User>, Failed> {
        self.db.user(id).await
    }

    #[redis_cached(key = "{id}", ttl = "1m")]
    fn provided(&self, redis: &Connector, id: u64) -> Result<String, Failed> {
        Ok(self.tenant.clone())
    }
}

/// Users, boxed.
#[async_trait]
pub trait Boxed {
    /// One.
    async fn get(&mut self, key: String, pair: (u64, u64)) -> Result<Option<User>, Failed>;
    /// One in a task of its own.
    async fn in_background(&self, key: &str) -> Result<Option<User>, Failed>;
    /// One of any type.
    async fn generic<T: Serialize + DeserializeOwned + Default + Send + 'static>(self, id: u64) -> RedisResult<T>;
}

#[async_trait]
impl Boxed for Repository {
    #[redis_cached(key = "{key}:{a}:{b}", ttl = "1m", redis = self.redis)]
    async fn get(&mut self, key: String, (a, b): (u64, u64)) -> Result<Option<User>, Failed> {
        drop(key);
        self.db.user(a + b).await
    }

    #[redis_cached(key = "{key}", ttl = "1m", redis = self.redis, background = true)]
    async fn in_background(&self, key: &str) -> Result<Option<User>, Failed> {
        self.db.user(key.len() as u64).await
    }

    #[redis_cached(key = "{T}:{id}", ttl = "1m", redis = self.redis)]
    async fn generic<T: Serialize + DeserializeOwned + Default + Send + 'static>(self, id: u64) -> RedisResult<T> {
        ready(Ok(T::default())).await
    }
}

/// Generic.
#[redis_cached(key = "{T}:{N}:{id:?}:{name}", ttl = "1m", invalidate = forget_generic)]
pub async fn generic<'a, T, K, C: ConnectionLike, const N: usize>(
    redis: &Connector,
    db: &'a mut C,
    id: K,
    name: impl Display + Send,
) -> Result<Vec<T>, Failed>
where
    T: Serialize + DeserializeOwned + Send + Default + Clone + 'static,
    K: Debug + Clone + 'a,
{
    let _ = (db.get_db(), id.clone(), name.to_string());
    Ok(vec![T::default(); N])
}

/// Patterns.
#[redis_cached(key = "{a}:{b}-{x}-{n}/{r#type}", ttl = "1m", invalidate = forget_patterns)]
pub async fn patterns(
    redis: &Connector,
    (a, mut b): (u8, u8),
    [x, ..]: [u8; 2],
    _: u8,
    &n: &u8,
    r#type: Cow<'_, str>,
) -> Result<u8, Failed> {
    b += 1;
    ready(Ok(a + b + x + n + r#type.len() as u8)).await
}

#[redis_cached(key = "{id}", ttl = SHORT, skip(keep, unix, call))]
async fn uses_up(redis: Connector, id: String, mut keep: Vec<u8>, #[cfg(unix)] unix: u8, call: Box<dyn FnOnce(u8) -> u8>) -> Result<String, Failed> {
    let moved = async move { id };
    keep.push(call(unix));
    drop((redis, keep));
    Ok(moved.await)
}

#[redis_cached(key = "{id}", ttl = failed.ttl(), skip(failed))]
async fn ttl_of_a_parameter(redis: &Connector, id: u64, failed: Failed) -> Result<u64, Failed> {
    if id > 3 { Err(failed) } else { Ok(id) }
}

#[redis_cached(key = "{id}", ttl = |value: &u64| if lang == Lang::De { SHORT } else { Duration::from_secs(*value) }, skip(lang))]
async fn ttl_closure(redis: &Connector, id: u64, lang: Lang) -> Result<u64, Failed> {
    Ok(id)
}

mod errors {
    use super::*;

    #[redis_cached(key = "{id}", ttl = "1m")]
    async fn anyhow(redis: &Connector, id: u64) -> anyhow::Result<u64> {
        anyhow::ensure!(id > 3, "no");
        Ok(id)
    }

    #[redis_cached(key = "{id}", ttl = "1m", background = true)]
    async fn boxed(redis: &Connector, id: u64) -> Result<u64, Box<dyn StdError + Send + Sync>> {
        Err(format!("{id}"))?
    }

    #[redis_cached(key = "{id}", ttl = "1m")]
    async fn own(redis: &Connector, id: u64) -> Result<Vec<u8>, Many> {
        Ok(std::fs::read(id.to_string())?)
    }

    #[redis_cached(key = "{id}", ttl = "1m", coalesce = false)]
    async fn not_shared(redis: &Connector, id: u64) -> Result<u64, std::num::ParseIntError> {
        "1".parse::<u64>().map(|one| one + id)
    }

    #[redis_cached(key = "{E}:{id}", ttl = "1m", skip(error))]
    async fn generic<E: StdError + Clone + Send + 'static>(redis: &Connector, id: u64, error: E) -> Result<u64, E>
    where
        E: Display,
    {
        if id > 1 { Err(error) } else { Ok(id) }
    }

    #[redis_cached(key = "{id}", ttl = "1m", coalesce = false)]
    async fn not_send(redis: &Connector, id: u64) -> Result<u64, Box<dyn StdError>> {
        let rc = Rc::new(id);
        ready(()).await;
        Ok(*rc)
    }

    #[derive(Debug, Serialize, Deserialize, thiserror::Error)]
    #[error("gone")]
    pub enum Gone {
        Gone,
        Broken,
    }

    impl From<LoadFailed> for Gone {
        fn from(_: LoadFailed) -> Self {
            Self::Broken
        }
    }

    #[redis_cached(key = "{id}", ttl = "1m", negative_ttl = "5s", negative_on = |error| matches!(error, Gone::Gone))]
    async fn remembered(redis: &Connector, id: u64) -> Result<u64, Gone> {
        if id > 3 { Err(Gone::Broken) } else { Err(Gone::Gone) }
    }

    #[redis_cached(key = "{id}", ttl = "1m", negative_ttl = "5s", negative_on = is_gone, background = true, skip(name), invalidate = forget_remembered)]
    async fn remembered_in_background(redis: &Connector, id: u64, name: &str) -> Result<Option<u64>, Gone> {
        if name.len() > 3 {
            return Err(Gone::Gone);
        }
        Ok(Some(id))
    }

    fn is_gone(error: &Gone) -> bool {
        matches!(error, Gone::Gone)
    }

    #[redis_cached(key = "{id}", ttl = |id| Duration::from_secs(*id), negative_ttl = "5s", negative_on = is_gone)]
    fn remembered_sync(redis: &Connector, id: u64) -> Result<u64, Gone> {
        if id > 3 { return Err(Gone::Gone); }
        Ok(id)
    }

    type Short<T> = Result<T, Failed>;

    #[redis_cached(key = "{id}", ttl = "1m", limit = PRIMARY)]
    async fn alias(redis: &Connector, id: u64) -> Short<u64> {
        (id > 1).then_some(id).ok_or(Failed)
    }
}

/// What the body may do.
mod bodies {
    use super::*;

    #[redis_cached(key = "{n}", ttl = "1m")]
    async fn leaves_early(redis: &Connector, n: u8) -> Result<u8, Failed> {
        'all: loop {
            let Some(next) = n.checked_add(1) else { break 'all };
            let pick = || {
                if n > 2 {
                    return 1;
                }
                2
            };
            if next > pick() {
                return Ok(next);
            }
            fails()?;
        }
        Err(Failed)
    }

    fn fails() -> Result<(), RedisError> {
        Err((redis::ErrorKind::Client, "none").into())
    }

    #[redis_cached(key = "{n}", ttl = "1m")]
    async fn diverges(redis: &Connector, n: u8) -> Result<u8, Failed> {
        todo!()
    }

    #[redis_cached(key = "{n}", ttl = "1m")]
    async fn nothing(redis: &Connector, n: u8) -> Result<(), Failed> {
        #![allow(unused_variables)]
        let unused = 1;
        Ok(())
    }

    #[redis_cached(key = "{n}", ttl = "1m")]
    async fn recursive(redis: &Connector, n: u8) -> Result<u8, Failed> {
        match n {
            0 => Ok(0),
            _ => Box::pin(recursive(redis, n - 1)).await,
        }
    }

    #[redis_cached(key = "{n}", ttl = "1m")]
    #[tracing::instrument(skip(redis))]
    async fn traced(redis: &Connector, n: u8) -> Result<u8, Failed> {
        Ok(n)
    }

    #[redis_resilient(retries = 1)]
    #[redis_cached(key = "{n}", ttl = "1m")]
    async fn load_is_repeated(redis: &Connector, n: u8) -> RedisResult<u8> {
        Ok(n)
    }

    #[redis_cached(key = "{n}", ttl = "1m", skip(text))]
    fn sync(redis: &Connector, n: u8, text: String) -> Result<String, Failed>
    where
        Failed: Clone,
    {
        if n > 3 {
            return Err(Failed);
        }
        let text = move || text;
        Ok(text())
    }

    #[redis_cached(key = "{n}", ttl = "1m", skip(text, other))]
    async fn mutable(redis: &Connector, n: u8, other: &mut redis::aio::MultiplexedConnection, text: &mut String) -> RedisResult<u8> {
        text.push('a');
        let get = async move { redis::AsyncCommands::get(other, n).await };
        get.await
    }
}

/// Made by a macro.
macro_rules! cached {
    ($name:ident, $redis:ident, $id:ident: $ty:ty, $value:ty, $body:block) => {
        /// Of a macro.
        #[redis_cached(key = "{id}", ttl = "1m")]
        pub async fn $name($redis: &Connector, $id: $ty) -> Result<$value, Failed> $body
    };
}
cached!(made, redis, id: u64, u64, { Ok(id) });

/// Where names are taken.
pub mod elsewhere {
    /// Under another name.
    pub use redis_resilient as resilient;
    use resilient::connection::Connector;

    /// With names like those of the expansion.
    #[resilient::redis_cached(key = "{cached_key}:{value}", ttl = "1m", crate = crate::elsewhere::resilient)]
    pub async fn names(redis: &Connector, cached_key: u64, value: u64) -> redis::RedisResult<u64> {
        Ok(cached_key + value)
    }
}

fn spawned(redis: Connector) {
    fn is_send<T: Send>(_: T) {}
    let name = String::new();
    is_send(plain(&redis, &Db, 1));
    is_send(in_background(&redis, &Db, 1, &name, ""));
    is_send(forget_every_option(&Arc::new(redis.clone()), 1, Lang::De));
    is_send(forget_patterns(&redis, (1, 2), [1, 2], &1, "".into()));
    is_send(forget_generic::<u8, _, 3>(&redis, 1, "a"));
    is_send(Repository::forget_all(&redis));
}

fn main() {
    let _ = (spawned, elsewhere::names, made);
}
