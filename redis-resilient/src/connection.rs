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

#[cfg(feature = "sentinel")]
#[doc(inline)]
pub use redis_resilient_connection::Role;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub use redis_resilient_connection::command_table;
#[doc(inline)]
pub use redis_resilient_connection::{
    BlockingConnection, BreakerSet, Connection, Connector, ConnectorBuilder, Credentials,
    DedicatedConnection, EnvironmentError, Subscription, SubscriptionEvent, WhenFull,
};
#[doc(inline)]
pub use redis_resilient_coordination::{BlockingLockGuard, Lock, LockError, LockGuard, Once};
