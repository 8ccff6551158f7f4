//! Where Redis is, and what is connected to it.

pub(crate) mod builder;
pub(crate) mod default_breaker;
pub(crate) mod environment;
pub(crate) mod pubsub;

use std::sync::Arc;

use redis::{IntoConnectionInfo, RedisResult};
use redis_resilient_runtime::Breaker;

use crate::blocking::BlockingConnection;
#[cfg(feature = "cluster")]
use crate::command::refusals;
use crate::connector::builder::ConnectorBuilder;
use crate::dedicated::DedicatedConnection;
use crate::endpoint::Endpoint;
use crate::manager::Manager;
use crate::multiplexed::Connection;
use crate::settings::Settings;

/// Where Redis is, and what is connected to it. Clones share it.
#[derive(Clone, Debug)]
pub struct Connector {
    pub(crate) manager: Arc<Manager>,
    pub(crate) breaker: &'static Breaker,
}

impl Connector {
    pub(crate) fn new(endpoint: Endpoint, settings: Settings) -> Self {
        Self {
            breaker: default_breaker::of(&endpoint),
            manager: Arc::new(Manager::new(endpoint, settings)),
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

    /// One for the primary that these Sentinels name, or for a [replica](ConnectorBuilder::role) of it, with settings to come. Connects nothing.
    ///
    /// All Sentinels are asked at once, and the newest configuration of a majority is believed: of those that are named here, so name them all. One that
    /// a partition has cut off with the old primary is not believed alone, unless [`sentinel_majority`](ConnectorBuilder::sentinel_majority) says so. The primary is looked up with every new
    /// connection, and once in each [`health_check_after`](ConnectorBuilder::health_check_after), so that no write is lost on an old primary that
    /// comes back.
    ///
    /// A planned failover loses what the old primary acknowledges before it is told, for up to that time; Valkey's `SENTINEL FAILOVER name
    /// COORDINATED` loses nothing, but holds writes for about a second and then closes their connections without a reply (seen with 9.1.2,
    /// `findings/valkey-coordinated-failover-hangs-up.sh`). They fail as ambiguous then, with a longer
    /// [`response_timeout`](ConnectorBuilder::response_timeout) too; those that must not be executed twice need `Once`.
    ///
    /// # Errors
    /// If an address makes no sense, or none is given.
    #[cfg(feature = "sentinel")]
    pub fn sentinel<T: IntoConnectionInfo>(
        sentinels: impl IntoIterator<Item = T>,
        primary: impl Into<String>,
    ) -> RedisResult<ConnectorBuilder> {
        ConnectorBuilder::sentinels(sentinels, primary)
    }

    /// One for the cluster that these servers belong to, with settings to come. Connects nothing.
    ///
    /// * Each server has connections of its own, with all that is said of [`Connection`] and of these settings. One that is lost, or stands still,
    ///   holds up nobody but those who want its keys.
    /// * `MOVED` and `ASK` are followed, for single commands, pipelines, transactions and scripts. Of a pipeline only what was refused is sent on, and
    ///   nothing is executed twice. Where a server is lost, the others are asked who has its slots now, at once and after 50 ms again; an annotated
    ///   function needs retries for that time.
    /// * The servers that are named here are needed for the first command only: what is learnt of the others is used from then on.
    /// * The keys of a pipeline are in one slot. Commands that redis-rs spreads over several servers (`MGET` of several slots, `DBSIZE`, `SCRIPT
    ///   LOAD` …) go over a connection of its own, without retries; where they write and fail, some servers may have executed their part.
    ///
    /// # Errors
    /// If an address makes no sense, or none is given.
    #[cfg(feature = "cluster")]
    pub fn cluster<T: IntoConnectionInfo>(
        seeds: impl IntoIterator<Item = T>,
    ) -> RedisResult<ConnectorBuilder> {
        ConnectorBuilder::cluster(seeds)
    }

    /// A connection. Connects if nothing is connected on this runtime, and waits for that at most as long as
    /// [`connect_timeout`](ConnectorBuilder::connect_timeout) says, whatever other callers and other runtimes do; in a cluster three times as long.
    ///
    /// # Errors
    /// If Redis cannot be reached, with the class [`Unreachable`](redis_resilient_runtime::Class::Unreachable); if it refuses the credentials.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    ///
    /// # Cancellation
    /// Safe: connecting goes on in a task, for whoever asks next.
    pub async fn get(&self) -> RedisResult<Connection> {
        Connection::new(&self.manager).await
    }

    /// A connection that nobody else has, for commands that change the connection they go over: `WATCH`, `SELECT`, `CLIENT TRACKING`, and for
    /// `WAIT`. It is connected for this call, and does not come back.
    ///
    /// There may be as many as the application holds. They are connected through the same gate as the connections of commands that wait: a few at a
    /// time, one at a time after a failure, and for a moment after it the callers share that failure.
    ///
    /// # Errors
    /// As [`get`](Self::get). In a cluster it has to be known to which server: [`dedicated_to`](Self::dedicated_to).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn dedicated(&self) -> RedisResult<DedicatedConnection> {
        #[cfg(feature = "cluster")]
        if self.manager.nodes.is_some() {
            return Err(refusals::no_key());
        }
        // In a box: connecting takes much room, which would be part of the caller's future.
        Box::pin(DedicatedConnection::new(self.manager.clone())).await
    }

    /// The same to the server of a cluster that has this key; without a cluster as [`dedicated`](Self::dedicated).
    ///
    /// When the key's slot moves to another server, commands fail with the class [`Unavailable`](redis_resilient_runtime::Class::Unavailable), and the connection is
    /// of no use any more.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn dedicated_to(&self, key: impl AsRef<[u8]>) -> RedisResult<DedicatedConnection> {
        let _ = key.as_ref();
        #[cfg(feature = "cluster")]
        if let Some(nodes) = &self.manager.nodes {
            self.manager.generation().await?;
            let manager = nodes.owner_of(key.as_ref())?;
            return Box::pin(DedicatedConnection::to_node(manager, nodes.clone())).await;
        }
        Box::pin(DedicatedConnection::new(self.manager.clone())).await
    }

    /// A connection for synchronous code, for one caller at a time. Connects if none is free.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_blocking(&self) -> RedisResult<BlockingConnection> {
        BlockingConnection::new(self.manager.clone())
    }
}
