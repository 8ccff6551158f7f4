//! A server, a connector to it, and a primary store that counts how often it is asked.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::cache::{Cache, CacheBuilder};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealRedis;

pub(crate) type Testing = Result<(), Box<dyn std::error::Error>>;

pub(crate) fn connected() -> Result<(RealRedis, Connector), Box<dyn std::error::Error>> {
    let server = RealRedis::start()?;
    let connector = Connector::open(server.url())?;
    Ok((server, connector))
}

/// Nothing here is over by itself, but for what a test makes shorter.
pub(crate) fn names() -> CacheBuilder<Option<String>> {
    Cache::builder("names")
        .ttl(Duration::from_secs(600))
        .timeout(Duration::from_secs(2))
}

/// What a value is, and how often it was asked for.
#[derive(Default)]
pub(crate) struct Primary {
    value: Mutex<Option<String>>,
    loads: AtomicU32,
}

impl Primary {
    pub(crate) fn with(value: &str) -> Self {
        let primary = Self::default();
        primary.set(value);
        primary
    }

    pub(crate) fn set(&self, value: &str) {
        *self.value.lock().expect("nobody panics") = Some(value.to_owned());
    }

    #[allow(clippy::unnecessary_wraps, reason = "others fail")]
    pub(crate) fn load(&self) -> RedisResult<Option<String>> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        Ok(self.value.lock().expect("nobody panics").clone())
    }

    pub(crate) fn loads(&self) -> u32 {
        self.loads.load(Ordering::Relaxed)
    }
}

#[allow(clippy::unnecessary_wraps, reason = "most values are there")]
pub(crate) fn some(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// Another process, as its script would: its token is not of this one.
pub(crate) async fn hold(redis: &Connector, key: &str, ms: u64) -> RedisResult<()> {
    let now: (u64, u64) = redis::cmd("TIME")
        .query_async(&mut redis.get().await?)
        .await?;
    let deadline = now.0 * 1_000 + now.1 / 1_000 + ms;
    let entry = format!(
        "RR1 00000000{:08x} {deadline:013} l {:011} {:011} {:09}\n",
        7, 0, 0, 0
    );
    redis.get().await?.pset_ex(key, entry, ms).await
}

/// Until the task that stores has done so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..2_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came about: {what}");
}

/// Puts under one key what is under the other, as another process would: in one step, and not with a lease of this one's.
pub(crate) async fn store_elsewhere(redis: &Connector, from: &str, to: &str) -> RedisResult<()> {
    redis::cmd("COPY")
        .arg(&[from, to, "REPLACE"])
        .exec_async(&mut redis.get().await?)
        .await
}
