//! The servers and the handles of one run, and the model of one key.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{FaultProxy, RealRedis};

use crate::subject::{Kind, Subject, full, value_of};

pub(crate) struct World {
    pub(crate) server: RealRedis,
    pub(crate) proxy: FaultProxy,
    /// Past the proxy, for a look at what is there, and for somebody who uses no cache.
    pub(crate) beside: Connector,
    /// Two handles that know nothing of each other, and two more that keep copies.
    pub(crate) plain: [Subject; 2],
    pub(crate) copying: [Subject; 2],
}

impl World {
    pub(crate) fn new(kind: Kind) -> Result<Self, Box<dyn Error>> {
        let server = RealRedis::start()?;
        let proxy = FaultProxy::to(server.addr())?;
        // Each has its own connection, as processes have.
        let subject = |stale| -> RedisResult<Subject> {
            let redis = Connector::open(proxy.url())?;
            Ok(Subject::new(kind, &redis, stale))
        };
        Ok(Self {
            beside: Connector::open(server.url())?,
            plain: [subject(false)?, subject(false)?],
            copying: [subject(true)?, subject(true)?],
            server,
            proxy,
        })
    }

    /// Nothing is under way any more, or so many of what there should not be: of each handle its flights and its pending invalidations.
    pub(crate) async fn settle(&self) -> usize {
        let subjects = || self.plain.iter().chain(&self.copying);
        let open = || -> usize { subjects().map(Subject::open).map(|(a, b)| a + b).sum() };
        for _ in 0..1_000 {
            if open() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        open()
    }
}

/// What must hold of one key. Versions of the value in the primary store only grow.
#[derive(Debug, Default)]
pub(crate) struct Model {
    primary: AtomicU64,
    /// Nothing older may be in Redis: Redis was told of the write of this version.
    told: AtomicU64,
    /// Nothing older may be given by this handle.
    here: [AtomicU64; 2],
}

impl Model {
    /// As a load reads it.
    pub(crate) fn read(&self) -> u64 {
        self.primary.load(Ordering::SeqCst)
    }

    pub(crate) fn write(&self) -> u64 {
        self.primary.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn redis_was_told(&self, version: u64) {
        self.told.fetch_max(version, Ordering::SeqCst);
    }

    pub(crate) fn handle_was_told(&self, handle: usize, version: u64) {
        self.here[handle].fetch_max(version, Ordering::SeqCst);
    }

    pub(crate) fn floor(&self) -> u64 {
        self.told.load(Ordering::SeqCst)
    }

    pub(crate) fn floor_of(&self, handle: usize) -> u64 {
        self.here[handle].load(Ordering::SeqCst)
    }
}

/// What is in Redis, past all caches; an error if it cannot be asked just now.
pub(crate) async fn in_redis(world: &Arc<World>, key: &str) -> RedisResult<Option<u64>> {
    let bytes: Option<Vec<u8>> = world.beside.get().await?.get(full(key)).await?;
    Ok(bytes.as_deref().and_then(value_of))
}
