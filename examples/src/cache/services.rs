//! Ways to put Redis before a primary store.

#[cfg(feature = "peer-cached")]
mod of_cached;

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, RedisError};
use redis_resilient::cache::{self, Cache, Json, Limited, Served};
use redis_resilient::connection::Connector;
use redis_resilient::{Breaker, Bulkhead};

#[cfg(feature = "peer-cached")]
pub(super) use of_cached::OfCached;

use super::primary::{AT_ONCE, Primary};
use crate::program::Failure;

pub(super) static REDIS: Breaker = Breaker::new("redis");
/// What the primary store can do.
static PRIMARY: Bulkhead = Bulkhead::new("primary", AT_ONCE);
/// How long a load waits for room there, if its reader has no stale value to fall back on.
const ROOM: Duration = Duration::from_millis(100);

const TTL: Duration = Duration::from_secs(600);
const STALE: Duration = Duration::from_secs(3_600);

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Redis,
    Primary,
    Stale,
}

pub(super) type Answer = Option<(String, Origin)>;

/// With the cache of this crate.
#[derive(Clone, Debug)]
pub(super) struct Ours {
    names: Cache<String, Json, Limited>,
    primary: Primary,
}

impl Ours {
    pub(super) fn new(url: &str, primary: Primary) -> Result<Self, Failure> {
        let names = Cache::builder("names")
            .prefix("ours")
            .ttl(TTL)
            .stale_if_error(STALE)
            .breaker(&REDIS)
            .limit(&PRIMARY)
            .limit_wait(ROOM)
            .build(&Connector::open(url)?);
        Ok(Self { names, primary })
    }

    pub(super) async fn name(&self, id: u32) -> Answer {
        let load =
            || async { Ok::<_, RedisError>(self.primary.name_of(id).await.unwrap_or_default()) };
        let (name, served) = cache::served(self.names.get_or_load(id, load)).await;
        let from = match served {
            Some(Served::Redis) => Origin::Redis,
            Some(Served::Stale { .. }) => Origin::Stale,
            _ => Origin::Primary,
        };
        Some((name.ok()?, from))
    }

    /// How many loads and invalidations are under way.
    pub(super) fn under_way(&self) -> usize {
        self.names.loading() + self.names.pending_invalidations()
    }
}

/// Cache-aside as it is written by hand, over a connection that reconnects.
#[derive(Clone)]
pub(super) struct ByHand {
    redis: ConnectionManager,
    primary: Primary,
}

impl ByHand {
    pub(super) async fn new(url: &str, primary: Primary) -> Result<Self, Failure> {
        let config = ConnectionManagerConfig::new().set_response_timeout(Some(WAIT));
        let client = Client::open(url)?;
        let redis = ConnectionManager::new_with_config(client, config).await?;
        Ok(Self { redis, primary })
    }

    pub(super) async fn name(&self, id: u32) -> Answer {
        let mut redis = self.redis.clone();
        let key = format!("by-hand:{id}");
        if let Ok(Some(text)) = redis.get::<_, Option<String>>(&key).await
            && let Ok(name) = serde_json::from_str(&text)
        {
            return Some((name, Origin::Redis));
        }
        let name = self.primary.name_of(id).await?;
        if let Ok(text) = serde_json::to_string(&name) {
            let _: Result<(), _> = redis.set_ex(&key, text, TTL.as_secs()).await;
        }
        Some((name, Origin::Primary))
    }
}

/// For an answer of Redis's: as ours has it.
const WAIT: Duration = Duration::from_millis(250);
