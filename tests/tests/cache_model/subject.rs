//! What is put to the test: the cache, or cache-aside as it is written by hand.

use std::future::Future;
use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::Breaker;
use redis_resilient::cache::{Cache, Invalidated};
use redis_resilient::connection::Connector;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    WithoutLease,
}

/// How far a write's invalidation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Redis,
    /// Only those who use this handle.
    Here,
    Nobody,
}

#[derive(Clone)]
pub(crate) enum Subject {
    Ours(Cache<u64>),
    WithoutLease(Connector),
}

/// A load that fails, as the primary does at times.
#[derive(Clone, Debug)]
pub(crate) struct Failed;

/// Always closed: the way to Redis is to be tried while it is broken too.
static ALWAYS: Breaker = Breaker::new("tests::cache_model");

pub(crate) const PREFIX: &str = "model";
const TIMEOUT: Duration = Duration::from_millis(60);
const MINUTE: Duration = Duration::from_secs(60);
/// No load takes so long, but for those that are held at their gates.
const LEASE: Duration = Duration::from_secs(2);

impl Subject {
    /// `stale`: with copies in the process, and with tombstones.
    pub(crate) fn new(kind: Kind, redis: &Connector, stale: bool) -> Self {
        ALWAYS.disable();
        match kind {
            Kind::WithoutLease => Self::WithoutLease(redis.clone()),
            Kind::Ours => Self::Ours(
                Cache::builder("tests::cache_model")
                    .prefix(PREFIX)
                    .ttl(MINUTE)
                    .stale_if_error(if stale { MINUTE } else { Duration::ZERO })
                    .lease(LEASE)
                    .timeout(TIMEOUT)
                    .breaker(&ALWAYS)
                    .build(redis),
            ),
        }
    }

    pub(crate) async fn load<F>(
        &self,
        key: &str,
        in_background: bool,
        load: F,
    ) -> Result<u64, Failed>
    where
        F: Future<Output = Result<u64, Failed>> + Send + 'static,
    {
        match self {
            Self::Ours(cache) if in_background => {
                cache.get_or_load_in_background(key, || load).await
            }
            Self::Ours(cache) => cache.get_or_load(key, || load).await,
            Self::WithoutLease(redis) => {
                if let Some(value) = by_hand(redis, key).await {
                    return Ok(value);
                }
                let value = load.await?;
                let _ = set(redis, key, value).await;
                Ok(value)
            }
        }
    }

    pub(crate) async fn get(&self, key: &str) -> Option<u64> {
        match self {
            Self::Ours(cache) => cache.get(key).await,
            Self::WithoutLease(redis) => by_hand(redis, key).await,
        }
    }

    pub(crate) async fn invalidate(&self, key: &str) -> Told {
        match self {
            Self::Ours(cache) => told(cache.invalidate(key).await),
            Self::WithoutLease(redis) => {
                let deleted = async { redis.get().await?.del::<_, ()>(full(key)).await };
                if deleted.await.is_ok() {
                    Told::Redis
                } else {
                    Told::Nobody
                }
            }
        }
    }

    pub(crate) async fn put(&self, key: &str, value: u64) -> Told {
        match self {
            Self::Ours(cache) => told(cache.put(key, &value).await.expect("numbers are encoded")),
            Self::WithoutLease(redis) if set(redis, key, value).await.is_ok() => Told::Redis,
            Self::WithoutLease(_) => Told::Nobody,
        }
    }

    /// What is under way: flights, and invalidations that Redis has not taken.
    pub(crate) fn open(&self) -> (usize, usize) {
        match self {
            Self::Ours(cache) => (cache.loading(), cache.pending_invalidations()),
            Self::WithoutLease(_) => (0, 0),
        }
    }
}

fn told(invalidated: Invalidated) -> Told {
    match invalidated {
        Invalidated::Everywhere => Told::Redis,
        _ => Told::Here,
    }
}

pub(crate) fn full(key: &str) -> String {
    format!("{PREFIX}:{key}")
}

async fn by_hand(redis: &Connector, key: &str) -> Option<u64> {
    let text: Option<String> = redis.get().await.ok()?.get(full(key)).await.ok()?;
    text?.parse().ok()
}

async fn set(redis: &Connector, key: &str, value: u64) -> RedisResult<()> {
    redis.get().await?.set_ex(full(key), value, 60).await
}

/// The value that the bytes under a key are of, if they are of any.
pub(crate) fn value_of(bytes: &[u8]) -> Option<u64> {
    const HEADER: usize = 71;
    let payload = if bytes.starts_with(b"RR1 ") {
        let kind = bytes.get(35)?;
        assert!(
            b"vlx".contains(kind),
            "an entry of a kind that is not there"
        );
        bytes.get(HEADER..)?
    } else {
        bytes
    };
    std::str::from_utf8(payload).ok()?.parse().ok()
}
