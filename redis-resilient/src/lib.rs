//! One attribute makes a function that talks to Redis survive Redis.
//!
//! ```
//! use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
//! use redis_resilient::redis_resilient;
//!
//! #[redis_resilient(retries = 3, backoff = "exp", fallback = from_database)]
//! async fn user_name(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
//!     conn.get(format!("user:{id}")).await
//! }
//!
//! async fn from_database(_: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
//!     Ok(Some(format!("user number {id}, as the database has it")))
//! }
//! ```
//!
//! The options are listed at [`redis_resilient`]. What they call is here:
//!
//! * [`Class`] says what a failure means, [`Classify`] lets your own error types take part, [`never_sent`] those of pools;
//! * [`Breaker`] is the circuit breaker that functions share;
//! * [`Bulkhead`] is a limit on how many calls are in one place at once, such as in a fallback;
//! * [`Backoff`] is how long to wait between attempts;
//! * [`Policy`] does for a closure what the attribute does for a function;
//! * [`Rejection`] is what this crate itself refuses, found again in any error by [`Rejection::find`];
//! * [`observe`] has an [`Observer`] told each [`Event`], of which [`event`] says more;
//! * [`Registry`] lists breakers, bulkheads, functions and connectors for dashboards and health checks.
//!
//! The layers stand in one fixed order: fallback, then deadline and retries, then the breaker, then the limit of attempts, then
//! the attempt's timeout, then your function's body. Every attempt asks the breaker and is counted by it.
//!
//! # Feature flags
//!
//! * `tracing` (on by default): [events](event#tracing) are printed, target `redis_resilient`.
//! * `connection`: `connection::Connector`, connections that come back, and locks. `sentinel` and `cluster` for the like.
//! * `tls-rustls`: TLS, with the cryptography provider of rustls that the application has installed; without one, connecting fails with an error
//!   that says so. `tls-rustls-ring` installs ring for the whole process where none is installed when TLS is first needed.
//! * `deadpool-redis`, `bb8`, `r2d2`: errors of these pools have their class. `deadpool-redis` 0.23, `bb8` 0.9 and `r2d2` 0.8 it has to be.
//! * `test-util`: `ManualClock` and `seed_randomness`, for tests; and breakers follow tokio's clock, which tests pause and advance, in release
//!   builds as well. Without it they do so where `debug_assertions` are on, and elsewhere, on Linux and Android, read a clock that costs less
//!   and moves on by a few milliseconds at a time.

#[cfg(feature = "connection")]
pub mod connection;

pub use redis_resilient_macros::redis_resilient;
#[doc(hidden)]
pub use redis_resilient_runtime::__private;
#[doc(inline)]
pub use redis_resilient_runtime::{
    Backoff, Breaker, BreakerEvent, Bulkhead, BulkheadPermit, Class, ClassifiedPolicy, Classify,
    DEFAULT_BREAKER, Event, FallbackOn, Jitter, Observer, Permit, Policy, Registry, Rejection,
    Snapshot, State, Transition, event, kill_switch, never_sent, observe, registry,
};
#[cfg(feature = "test-util")]
#[doc(inline)]
pub use redis_resilient_runtime::{InstalledClock, ManualClock, seed_randomness};
