//! A server and a connector to it, and what counts how often the body of a function has run.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::cache::{self, Served};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealRedis;

pub(crate) type Testing = Result<(), Box<dyn std::error::Error>>;

pub(crate) fn connected() -> Result<(RealRedis, Connector), Box<dyn std::error::Error>> {
    let server = RealRedis::start()?;
    let connector = Connector::open(server.url())?;
    Ok((server, connector))
}

/// How often a body has run.
#[derive(Debug, Default)]
pub(crate) struct Loads(AtomicU32);

impl Loads {
    pub(crate) fn one_more(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The keys that are in Redis and hold a value, in order. Leases alone are not.
pub(crate) async fn keys(redis: &Connector) -> redis::RedisResult<Vec<String>> {
    let mut keys: Vec<String> = redis.get().await?.keys("*").await?;
    keys.sort();
    Ok(keys)
}

/// Until reads are hits.
pub(crate) async fn until_stored<T>(mut read: impl AsyncFnMut() -> T) -> T {
    for _ in 0..2_000 {
        let (value, served) = cache::served(read()).await;
        if served == Some(Served::Redis) {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nothing was stored");
}
