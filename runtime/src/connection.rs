//! Connections that come back.
//!
//! A [`Connector`] knows where Redis is and keeps what is connected to it; a [`Connection`] is what functions send commands over. Nothing is
//! connected before the first command, so that an application starts with Redis down.
//!
//! ```no_run
//! use redis::AsyncCommands;
//! use redis_resilient::connection::{Connection, Connector};
//! use redis_resilient::redis_resilient;
//!
//! #[redis_resilient(retries = 3)]
//! async fn visits(redis: &Connector, page: &str) -> redis::RedisResult<Option<u64>> {
//!     redis.get().await?.get(page).await
//! }
//!
//! # async fn run() -> redis::RedisResult<()> {
//! let redis = Connector::open("redis://127.0.0.1/")?;
//! visits(&redis, "/").await?;
//! # Ok(())
//! # }
//! ```
//!
//! What makes it give up a connection, so that the next command goes over a new one:
//!
//! * any I/O error, and a reply that was cut off;
//! * commands in a row that get no answer (two, [`give_up_after`](ConnectorBuilder::give_up_after)), or a `PING` that gets none after a time
//!   without commands ([`health_check_after`](ConnectorBuilder::health_check_after));
//! * `READONLY`, `MASTERDOWN`, `MOVED`: the server is not the one to talk to any more;
//! * `NOAUTH` and `WRONGPASS`: the next connection asks for the [`credentials`](ConnectorBuilder::credentials) anew.
//!
//! One connection is made at a time, for all callers; they share its failure, and get it at once for a moment after it (25 ms, then up to 250 ms),
//! so that an outage does not become a storm of connects.
//!
//! Subscribers have [`Connector::subscribe`].

mod blocking;
mod breaker_set;
#[cfg(feature = "cluster")]
mod cluster;
mod command;
mod dial;
mod ending;
mod environment;
mod failed;
mod handle;
mod health;
mod keeper;
mod key;
mod live;
mod lock;
mod once;
mod packed;
mod pool;
mod pubsub;
#[cfg(feature = "sentinel")]
mod role;
mod script;
#[cfg(feature = "sentinel")]
mod sentinel;
mod settings;
mod silence;
mod slot;
mod source;
mod subscription;
#[cfg(feature = "tls-rustls")]
mod tls;
mod token;
mod wire;

use std::sync::Arc;

pub use blocking::BlockingConnection;
pub use breaker_set::BreakerSet;
pub use environment::EnvironmentError;
pub use handle::Connection;
use keeper::Keeper;
pub use lock::{BlockingLockGuard, Lock, LockError, LockGuard};
pub use once::Once;
use redis::{IntoConnectionInfo, RedisResult};
#[cfg(feature = "sentinel")]
pub use role::Role;
use settings::Settings;
pub use settings::{ConnectorBuilder, Credentials};
use source::Source;
pub use subscription::{Subscription, SubscriptionEvent};

/// Where Redis is, and what is connected to it. Clones share it.
#[derive(Clone, Debug)]
pub struct Connector {
    keeper: Arc<Keeper>,
}

impl Connector {
    fn new(source: Source, settings: Settings) -> Self {
        Self {
            keeper: Arc::new(Keeper::new(source, settings)),
        }
    }

    /// One for the server at this address, with the default settings. Connects nothing.
    ///
    /// # Errors
    /// If the address makes no sense.
    pub fn open(address: impl IntoConnectionInfo) -> RedisResult<Self> {
        Ok(Self::builder(address)?.build())
    }

    /// One for the server at this address, with settings to come. Connects nothing.
    ///
    /// # Errors
    /// If the address makes no sense.
    pub fn builder(address: impl IntoConnectionInfo) -> RedisResult<ConnectorBuilder> {
        ConnectorBuilder::single(address)
    }

    /// One for the master that these Sentinels name, or for a [replica](ConnectorBuilder::role) of it, with settings to come. Connects nothing.
    ///
    /// All Sentinels are asked at once, and the newest configuration of a majority is believed. The master is looked up with every new
    /// connection, and once in each [`health_check_after`](ConnectorBuilder::health_check_after), so that no write is lost on an old master that
    /// comes back.
    ///
    /// # Errors
    /// If an address makes no sense, or none is given.
    #[cfg(feature = "sentinel")]
    pub fn sentinel<T: IntoConnectionInfo>(
        sentinels: impl IntoIterator<Item = T>,
        master: impl Into<String>,
    ) -> RedisResult<ConnectorBuilder> {
        ConnectorBuilder::sentinels(sentinels, master)
    }

    /// One for the cluster that these servers belong to, with settings to come. Connects nothing.
    ///
    /// * Redis-rs's own retries are off: they execute again what may have been executed. Its connection learns of a new topology from the
    ///   failures that it hands out, so an annotated function needs retries.
    /// * [`connect_timeout`](ConnectorBuilder::connect_timeout) is for each server; to know all of the cluster may take three of them.
    /// * Silence is counted for ranges of slots. Where one is silent for too long, another connection is made beside the one that there is, and
    ///   takes its place if the slot answers on it: until then, commands for the other servers go on as they were.
    /// * While redis-rs looks at the servers anew, all commands wait: with one that is lost among them as long as a connect may take.
    /// * No server is tried with a `PING`. The first command without an answer after a time without commands counts as enough of them.
    ///
    /// # Errors
    /// If an address makes no sense, or none is given.
    #[cfg(feature = "cluster")]
    pub fn cluster<T: IntoConnectionInfo>(
        seeds: impl IntoIterator<Item = T>,
    ) -> RedisResult<ConnectorBuilder> {
        ConnectorBuilder::cluster(seeds)
    }

    /// A connection. Connects if nothing is connected, and waits for that at most as long as
    /// [`connect_timeout`](ConnectorBuilder::connect_timeout) says.
    ///
    /// # Errors
    /// If Redis cannot be reached, with the class [`Unreachable`](crate::Class::Unreachable); if it refuses the credentials.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn get(&self) -> RedisResult<Connection> {
        let live = self.keeper.live().await?;
        Ok(Connection::new(self.keeper.clone(), live))
    }

    /// A connection for synchronous code, for one caller at a time. Connects if none is free.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_blocking(&self) -> RedisResult<BlockingConnection> {
        BlockingConnection::new(self.keeper.clone())
    }
}
