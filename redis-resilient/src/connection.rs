//! Connections that reconnect.
//!
//! A [`Connector`] knows where Redis is and keeps the connections to it; functions send commands over a [`Connection`]. It connects with the first
//! command, so an application also starts while Redis is down.
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
//! A connection is given up, and the next command goes over a new one, after
//!
//! * any I/O error, or a reply that was cut off;
//! * two unanswered commands in a row ([`give_up_after`](ConnectorBuilder::give_up_after)), or an unanswered `PING` after an idle time
//!   ([`health_check_after`](ConnectorBuilder::health_check_after));
//! * `READONLY`, `MASTERDOWN`, `MOVED`: another server has to be used;
//! * `NOAUTH` and `WRONGPASS`: the next connection calls the [`credentials`](ConnectorBuilder::credentials) callback again. Credentials with an
//!   [expiry](Credentials::valid_for) are renewed in time, and no connection is given up for that.
//!
//! Connects are single-flight. All waiting callers get the result, and callers that arrive just after a failure (25 ms, then up to 250 ms) get that
//! failure, so that an outage does not cause a storm of connects.
//!
//! Connecting and checking run in tasks, so no caller waits for another caller's future, which may be left unpolled. Each tokio runtime has its own
//! connections, because its tasks serve them; so a `static` connector may be used from several runtimes, one after the other or at the same time.
//! Runtimes share failures: after one, a single runtime tries again.
//!
//! Commands that block in the server (`BLPOP`, `XREAD BLOCK`, `WAIT` …) have their own connections, up to
//! [`waiting_connections`](ConnectorBuilder::waiting_connections). A few of them are opened at a time, and a single one after a failure. Each is checked
//! before it is used again. All but a few are closed after a second without use, the last after five. If one is lost, the others are kept.
//!
//! Such a command may block as long as it says, `BLPOP key 0` for ever. So its server is checked after each
//! [`health_check_after`](ConnectorBuilder::health_check_after), with a `PING` over the shared connection, and by asking Sentinels. The command fails after
//! [`give_up_after`](ConnectorBuilder::give_up_after) unanswered checks, or when another server has become the primary: with the default settings 3 to 4 s
//! after a server has frozen. It may have been executed at the last moment, so the error has the class of a lost reply:
//! [`NotIdempotent`](crate::Class::NotIdempotent) for a `BLPOP`, [`Ambiguous`](crate::Class::Ambiguous) for an `XREAD`, which an annotated function
//! repeats on the next server.
//!
//! Subscribers have [`Connector::subscribe`], [`psubscribe`](Connector::psubscribe) and [`ssubscribe`](Connector::ssubscribe). All
//! subscriptions of a connector share one connection, with their own pauses after failures.
//!
//! [`Connector::failover`] goes to the best of several databases; the repository has a recipe, `docs/several-databases.md`.

#[cfg(feature = "sentinel")]
#[doc(inline)]
pub use redis_resilient_connection::Role;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub use redis_resilient_connection::command_table;
#[doc(inline)]
pub use redis_resilient_connection::{
    BlockingConnection, BreakerSet, Connection, Connector, ConnectorBuilder, Credentials, Database,
    DedicatedConnection, EnvironmentError, FailoverBuilder, Subscription, SubscriptionEvent,
    WhenFull,
};
#[doc(inline)]
pub use redis_resilient_coordination::{BlockingLockGuard, Lock, LockError, LockGuard, Once};
