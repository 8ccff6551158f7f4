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
//! The options are listed at [`redis_resilient`]. The types that they use:
//!
//! * [`Class`] says what a failure means, [`Classify`] lets your own error types take part, [`never_sent`] those of pools;
//! * [`Breaker`] is the circuit breaker that functions share;
//! * [`Bulkhead`] is a limit on how many calls are in one place at once, such as in a fallback;
//! * [`Backoff`] is how long to wait between attempts;
//! * [`Policy`] does for a closure what the attribute does for a function;
//! * [`Rejection`] is the error of this crate's own refusals, and [`Rejection::find`] finds it in any error;
//! * [`is_outage`] and [`retry_after`] say of any error whether to come back later, and when;
//! * [`observe`] registers an [`Observer`] for each [`Event`], see [`event`];
//! * [`Registry`] lists breakers, bulkheads, functions, connectors, caches, journals and consumers for dashboards and health checks.
//!
//! The layers have a fixed order: stale value, fallback, deadline and retries, breaker, limit of attempts, the attempt's timeout, and your
//! function's body. The breaker admits and counts every attempt.
//!
//! # Feature flags
//!
//! * `tracing` (on by default): [events](event#tracing) are written to `tracing`, with the target `redis_resilient`; see `logging`.
//!   `call-spans`: spans of all calls, where `logging::spans_for_all_calls` asks for them.
//! * `chaos`: `chaos::arm` and `chaos::allow`, faults on purpose. Off until the application arms them, or lets a settings file or the console do so.
//! * `connection`: `connection::Connector`, connections that reconnect, and locks. `sentinel` and `cluster` add support for those.
//! * `metrics`, `prometheus` and `opentelemetry`: the module `telemetry`. Calls are counted then, which each pays a few instructions for.
//! * `cache`: the module `cache` and the attribute `redis_cached`; `write-behind`: the module `journal`; `write-behind-nats`: a journal in NATS.
//! * `streams`: `streams::Consumer`, a consumer of streams that loses nothing.
//! * `console`: `console::health`, how the process is doing; `console-axum`: the same as a router for axum, with a live page and controls.
//! * `request-budget`: `RequestBudget`, time that all calls of a request share. `http`: the module `http`, failures as HTTP answers; `http-axum`,
//!   `http-tower` and `http-actix` for these frameworks.
//! * `settings`: the module `settings`, numbers of functions, breakers, bulkheads, connectors and caches from a TOML file and the environment, while
//!   the service runs; `settings-json` and `settings-yaml` read those formats too.
//! * `tls-rustls`: TLS, with the cryptography provider of rustls that the application has installed; without one, connecting fails with an error
//!   that says so. `tls-rustls-ring` installs ring for the whole process where none is installed when TLS is first needed.
//! * `deadpool-redis` (0.23), `bb8` (0.9), `r2d2` (0.8): errors of these pools have their class.
//! * `test-util`: `ManualClock` and `seed_randomness`, for tests; and breakers follow tokio's clock, which tests pause and advance, in release
//!   builds as well. Without it they do so where `debug_assertions` are on, and elsewhere, on Linux and Android, read a clock that costs less
//!   and moves on by a few milliseconds at a time.

#[cfg(feature = "cache")]
pub mod cache;
#[cfg(feature = "connection")]
pub mod connection;
#[cfg(feature = "write-behind")]
pub mod journal;
#[cfg(feature = "streams")]
pub mod streams;

#[cfg(feature = "console")]
#[doc(inline)]
pub use redis_resilient_console as console;
#[cfg(feature = "http")]
#[doc(inline)]
pub use redis_resilient_http as http;
#[cfg(feature = "settings")]
#[doc(inline)]
pub use redis_resilient_settings as settings;
#[cfg(feature = "telemetry")]
#[doc(inline)]
pub use redis_resilient_telemetry as telemetry;

#[cfg(feature = "cache")]
pub use redis_resilient_macros::redis_cached;
pub use redis_resilient_macros::redis_resilient;
#[doc(hidden)]
pub use redis_resilient_runtime::__private;
#[cfg(feature = "chaos")]
#[doc(inline)]
pub use redis_resilient_runtime::chaos;
#[cfg(feature = "tracing")]
#[doc(inline)]
pub use redis_resilient_runtime::logging;
#[doc(inline)]
pub use redis_resilient_runtime::{
    Backoff, Breaker, BreakerEvent, Bulkhead, BulkheadPermit, Class, ClassifiedPolicy, Classify,
    DEFAULT_BREAKER, Event, FallbackOn, Jitter, Observer, Permit, Policy, Registry, Rejection,
    ServedBy, Snapshot, State, Transition, event, is_outage, kill_switch, never_sent, observe,
    registry, retry_after,
};
#[cfg(feature = "test-util")]
#[doc(inline)]
pub use redis_resilient_runtime::{InstalledClock, ManualClock, seed_randomness};
#[cfg(feature = "request-budget")]
#[doc(inline)]
pub use redis_resilient_runtime::{RequestBudget, WithinBudget};
