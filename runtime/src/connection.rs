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
//! * `NOAUTH` and `WRONGPASS`: the next connection asks for the [`credentials`](ConnectorBuilder::credentials) anew. Those that are
//!   [good for a time](Credentials::valid_for) only are renewed before that, and no connection is given up for it.
//!
//! One connection is made at a time, for all callers; they share its failure, and get it at once for a moment after it (25 ms, then up to 250 ms),
//! so that an outage does not become a storm of connects.
//!
//! Connecting and checking go on in tasks: nobody waits for the future of another caller, which may be left unpolled. Each tokio runtime has its own
//! connections, for they are served by its tasks; so a `static` connector may be used from several runtimes, one after the other or at the same time.
//! They share failures too: after one, a single runtime tries again.
//!
//! Commands that wait in the server (`BLPOP`, `XREAD BLOCK`, `WAIT` …) have connections of their own, up to
//! [`waiting_connections`](ConnectorBuilder::waiting_connections). They are connected a few at a time, and one at a time after a failure; looked at
//! before they are used again; and closed when they are idle, but for a few after a second and all after five. What has become of one says nothing
//! about the others.
//!
//! Such a command may take as long as it says, and `BLPOP key 0` for ever: so the server is looked at beside it, at each
//! [`health_check_after`](ConnectorBuilder::health_check_after), with a `PING` over the shared connection, and behind Sentinels by their word. After as
//! many looks without an answer as [`give_up_after`](ConnectorBuilder::give_up_after) says, or where another server is the primary, it fails: 3 to 4 s
//! after a server has frozen, with the default settings. It may have been executed at the last moment, so the error has the class of any lost reply:
//! [`NotIdempotent`](crate::Class::NotIdempotent) for a `BLPOP`, [`Ambiguous`](crate::Class::Ambiguous) for an `XREAD`, which an annotated function
//! repeats on the next server.
//!
//! Subscribers have [`Connector::subscribe`], [`psubscribe`](Connector::psubscribe) and [`ssubscribe`](Connector::ssubscribe): all of a connector over
//! one connection, with rests of their own.

mod blocking;
mod blocking_check;
mod blocking_server_connection;
mod blocking_wire;
mod breaker_set;
mod builder;
#[cfg(feature = "cluster")]
mod cluster;
mod command;
mod companion;
mod credentials;
mod deadline;
mod dedicated;
mod default_breaker;
mod dial;
mod ending;
mod environment;
mod failed;
mod found_out;
mod handle;
mod health;
mod in_flight;
mod keeper;
#[cfg(feature = "cluster")]
mod key;
mod live;
mod lock;
mod once;
mod packed;
mod ping;
mod pool;
mod pubsub;
mod refusals;
mod replication;
mod rest;
#[cfg(feature = "sentinel")]
mod role;
mod runtimes;
mod script;
#[cfg(feature = "sentinel")]
mod sentinel;
mod server_check;
mod server_connection;
mod settings;
mod share;
mod silence;
mod single_flight;
mod slot;
mod source;
mod spares;
mod state;
mod subscription;
#[cfg(feature = "tls-rustls")]
mod tls;
mod together;
mod token;
mod transaction;
mod wait_time;
mod waiting;
mod wire;

use std::sync::Arc;

pub use blocking::BlockingConnection;
pub use breaker_set::BreakerSet;
pub use builder::ConnectorBuilder;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub use command::inspect as command_table;
pub use credentials::Credentials;
pub use dedicated::DedicatedConnection;
pub use environment::EnvironmentError;
pub use handle::Connection;
use keeper::Keeper;
pub use lock::{BlockingLockGuard, Lock, LockError, LockGuard};
pub use once::Once;
use redis::{IntoConnectionInfo, RedisResult};
#[cfg(feature = "sentinel")]
pub use role::Role;
use settings::Settings;
use source::Source;
pub use subscription::{Subscription, SubscriptionEvent, WhenFull};

use crate::Breaker;

/// Where Redis is, and what is connected to it. Clones share it.
#[derive(Clone, Debug)]
pub struct Connector {
    keeper: Arc<Keeper>,
    breaker: &'static Breaker,
}

impl Connector {
    fn new(source: Source, settings: Settings) -> Self {
        Self {
            breaker: default_breaker::of(&source),
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
    /// All Sentinels are asked at once, and the newest configuration of a majority is believed: of those that are named here, so name them all. One that
    /// a partition has cut off with the old primary is not believed alone, unless [`sentinel_majority`](ConnectorBuilder::sentinel_majority) says so. The master is looked up with every new
    /// connection, and once in each [`health_check_after`](ConnectorBuilder::health_check_after), so that no write is lost on an old master that
    /// comes back.
    ///
    /// A planned failover loses what the old master acknowledges before it is told, for up to that time; Valkey's `SENTINEL FAILOVER name
    /// COORDINATED` loses nothing, but holds writes for about a second and then closes their connections without a reply (seen with 9.1.2,
    /// `findings/valkey-coordinated-failover-hangs-up.sh`). They fail as ambiguous then, with a longer
    /// [`response_timeout`](ConnectorBuilder::response_timeout) too; those that must not be executed twice need [`Once`].
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
    /// If Redis cannot be reached, with the class [`Unreachable`](crate::Class::Unreachable); if it refuses the credentials.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    ///
    /// # Cancellation
    /// Safe: connecting goes on in a task, for whoever asks next.
    pub async fn get(&self) -> RedisResult<Connection> {
        Connection::new(&self.keeper).await
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
        if self.keeper.nodes.is_some() {
            return Err(refusals::no_key());
        }
        // In a box: connecting takes much room, which would be part of the caller's future.
        Box::pin(DedicatedConnection::new(self.keeper.clone())).await
    }

    /// The same to the server of a cluster that has this key; without a cluster as [`dedicated`](Self::dedicated).
    ///
    /// When the key's slot moves to another server, commands fail with the class [`Unavailable`](crate::Class::Unavailable), and the connection is
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
        if let Some(nodes) = &self.keeper.nodes {
            self.keeper.live().await?;
            let keeper = nodes.owner_of(key.as_ref())?;
            return Box::pin(DedicatedConnection::to_node(keeper, nodes.clone())).await;
        }
        Box::pin(DedicatedConnection::new(self.keeper.clone())).await
    }

    /// A connection for synchronous code, for one caller at a time. Connects if none is free.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_blocking(&self) -> RedisResult<BlockingConnection> {
        BlockingConnection::new(self.keeper.clone())
    }
}
