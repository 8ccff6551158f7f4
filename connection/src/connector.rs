//! Where Redis is, and what is connected to it.

pub(crate) mod builder;
pub(crate) mod default_breaker;
pub(crate) mod environment;
pub(crate) mod failover;
pub(crate) mod pubsub;
pub(crate) mod subscribe;

use std::future::Future;
use std::sync::Arc;

use redis::{IntoConnectionInfo, RedisResult};
use redis_resilient_runtime::{Breaker, Registry};

use crate::blocking::BlockingConnection;
#[cfg(feature = "cluster")]
use crate::command::refusals;
use crate::connector::builder::ConnectorBuilder;
use crate::connector::failover::several::Several;
use crate::dedicated::DedicatedConnection;
use crate::endpoint::Endpoint;
use crate::manager::Manager;
use crate::multiplexed::Connection;
use crate::pubsub::pool::Pool;
use crate::settings::Settings;
use crate::switching::Switching;
use crate::switching::follows::Follows;

/// Where Redis is, and what is connected to it. Clones share it.
#[derive(Clone, Debug)]
pub struct Connector {
    /// That of the first of several databases, by which clones are known.
    pub(crate) manager: Arc<Manager>,
    /// Over which its subscriptions go.
    pub(crate) hubs: Arc<Pool>,
    /// Of all its databases together, where there are several.
    pub(crate) breaker: &'static Breaker,
    /// Where there are several databases.
    pub(crate) several: Option<Arc<Several>>,
}

impl Connector {
    pub(crate) fn new(
        endpoint: Endpoint,
        settings: Settings,
        breaker: Option<&'static Breaker>,
    ) -> Self {
        if let Some(breaker) = breaker {
            Registry::global().register(breaker);
        }
        Self {
            breaker: breaker.unwrap_or_else(|| default_breaker::of(&endpoint)),
            manager: Arc::new(Manager::new(endpoint, settings)),
            hubs: Arc::default(),
            several: None,
        }
    }

    pub(crate) fn switching(&self) -> Option<&Arc<Switching>> {
        self.several.as_ref().map(|several| several.switching())
    }

    /// Of the database that commands go to.
    pub(crate) fn here(&self) -> &Arc<Manager> {
        match self.switching() {
            Some(switching) => &switching.present().manager,
            None => &self.manager,
        }
    }

    /// The same, of one that is about to be used.
    ///
    /// # Errors
    /// If the databases cannot be watched: the system has no thread for that.
    pub(crate) fn used(&self) -> RedisResult<&Arc<Manager>> {
        if let Some(several) = &self.several {
            several.is_used()?;
        }
        Ok(self.here())
    }

    /// A connector to the server at this address, with the default settings. Does not connect yet.
    ///
    /// # Errors
    /// If the address is invalid.
    pub fn open(address: impl IntoConnectionInfo) -> RedisResult<Self> {
        Ok(Self::builder(address)?.build())
    }

    /// A builder for a connector to the server at this address.
    ///
    /// # Errors
    /// If the address is invalid.
    pub fn builder(address: impl IntoConnectionInfo) -> RedisResult<ConnectorBuilder> {
        ConnectorBuilder::single(address)
    }

    /// A builder for a connector to the primary that these Sentinels name, or to a [replica](ConnectorBuilder::role) of it.
    ///
    /// All Sentinels are asked at once. The newest configuration is used once a majority of the Sentinels named here has answered, so name all of
    /// them. [`sentinel_majority(false)`](ConnectorBuilder::sentinel_majority) accepts a minority, such as a Sentinel that a partition has cut off
    /// together with the old primary. The primary is looked up for every new connection, and again after each
    /// [`health_check_after`](ConnectorBuilder::health_check_after), so that no write is lost on an old primary that comes back.
    ///
    /// A planned failover loses what the old primary acknowledges before it is told, for up to that time; Valkey's `SENTINEL FAILOVER name
    /// COORDINATED` loses nothing, but holds writes for about a second and then closes their connections without a reply (seen with 9.1.2,
    /// `findings/valkey-coordinated-failover-hangs-up.sh`). They fail as ambiguous then, with a longer
    /// [`response_timeout`](ConnectorBuilder::response_timeout) too; those that must not be executed twice need `Once`.
    ///
    /// # Errors
    /// If an address is invalid, or none is given.
    #[cfg(feature = "sentinel")]
    pub fn sentinel<T: IntoConnectionInfo>(
        sentinels: impl IntoIterator<Item = T>,
        primary: impl Into<String>,
    ) -> RedisResult<ConnectorBuilder> {
        ConnectorBuilder::sentinels(sentinels, primary)
    }

    /// A builder for a connector to the cluster that these servers belong to.
    ///
    /// * Each server has its own connections, and [`Connection`] and these settings apply to each. A server that is down or frozen delays only the
    ///   commands for its keys.
    /// * `MOVED` and `ASK` are followed, for single commands, pipelines, transactions and scripts. Of a pipeline only what was refused is sent on, and
    ///   nothing is executed twice. Where a server is lost, the others are asked who has its slots now, at once and after 50 ms again; an annotated
    ///   function needs retries for that time.
    /// * The servers that are named here are needed for the first command only: what is learnt of the others is used from then on.
    /// * The keys of a pipeline are in one slot. Commands that redis-rs spreads over several servers (`MGET` of several slots, `DBSIZE`, `SCRIPT
    ///   LOAD` …) go over a connection of its own, without retries; where they write and fail, some servers may have executed their part.
    ///
    /// # Errors
    /// If an address is invalid, or none is given.
    #[cfg(feature = "cluster")]
    pub fn cluster<T: IntoConnectionInfo>(
        seeds: impl IntoIterator<Item = T>,
    ) -> RedisResult<ConnectorBuilder> {
        ConnectorBuilder::cluster(seeds)
    }

    /// A shared connection. If this runtime has none yet, connects, and waits at most [`connect_timeout`](ConnectorBuilder::connect_timeout)
    /// (in a cluster three times that), whatever other callers and runtimes do.
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
        match &self.several {
            None => Connection::new(&self.manager).await,
            // In a box: its room is part of each caller's future.
            Some(several) => {
                several.is_used()?;
                Box::pin(Connection::following(several.switching())).await
            }
        }
    }

    /// A connection for this caller alone, for commands that change the state of their connection (`WATCH`, `SELECT`, `CLIENT TRACKING`) and for
    /// `WAIT`. It is opened by this call and does not reconnect.
    ///
    /// Their number is not limited. They share the connect limit of the connections for blocking commands: a few connects at a time, a single one
    /// after a failure, and callers that arrive just after a failure get that failure.
    ///
    /// # Errors
    /// As [`get`](Self::get). In a cluster use [`dedicated_to`](Self::dedicated_to), which says to which server.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn dedicated(&self) -> RedisResult<DedicatedConnection> {
        let manager = self.used()?.clone();
        #[cfg(feature = "cluster")]
        if manager.nodes.is_some() {
            return Err(refusals::no_key());
        }
        // In a box: connecting takes much room, which would be part of the caller's future.
        Box::pin(self.watched(DedicatedConnection::new(manager))).await
    }

    /// As [`dedicated`](Self::dedicated), to the server of a cluster that has this key.
    ///
    /// When the key's slot moves to another server, commands fail with the class [`Unavailable`](redis_resilient_runtime::Class::Unavailable), and the connection
    /// cannot be used any more.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn dedicated_to(&self, key: impl AsRef<[u8]>) -> RedisResult<DedicatedConnection> {
        let _ = key.as_ref();
        let manager = self.used()?.clone();
        #[cfg(feature = "cluster")]
        if let Some(nodes) = &manager.nodes {
            self.watched(manager.generation()).await?;
            let owner = nodes.owner_of(key.as_ref())?;
            let connect = DedicatedConnection::to_node(owner, nodes.clone());
            return Box::pin(self.watched(connect)).await;
        }
        Box::pin(self.watched(DedicatedConnection::new(manager))).await
    }

    /// A connection for synchronous code, for one caller at a time. Connects if no idle one is left.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_blocking(&self) -> RedisResult<BlockingConnection> {
        match &self.several {
            None => BlockingConnection::new(self.manager.clone()),
            Some(several) => {
                several.is_used()?;
                BlockingConnection::following(several.switching())
            }
        }
    }

    /// Has the present database looked at if this fails.
    async fn watched<T>(&self, connect: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        let follows = self.switching().cloned().map(Follows::new);
        let connected = connect.await;
        match follows {
            Some(follows) => follows.saw(connected),
            None => connected,
        }
    }
}
