//! Redis servers and network faults for tests of code that talks to Redis.
//!
//! | | what it is | use it to see |
//! |---|---|---|
//! | [`EmbeddedRedis`] | a small server within the test process | what a command's failure does to your code: error replies, lost replies, outages. Starts at once and needs nothing installed. |
//! | [`RealRedis`] | a `redis-server` process | that your code works with the real thing, also while it is killed, frozen, restarted or loading. |
//! | [`RealSentinel`] | a primary, two replicas and three sentinels, all real | that your code finds the new primary when the old one is killed or frozen. |
//! | [`RealCluster`] | a cluster of three primaries with a replica each, all real | that your code gets over the loss of a node and a move of slots, and, with a proxy before each node, over what the network does to one of them. |
//! | [`RealNats`] | a `nats-server` process with `JetStream` | what your code does when a NATS beside Redis is killed and comes back. |
//! | [`RealPrometheus`] | a `prometheus` process, with its `promtool` | that your metrics can be scraped, and that alerts on them fire and resolve. |
//! | `RealBrowser` | a Chromium without a screen (feature `browser`) | what people see of it on a page. |
//! | `TlsAuthority` | a maker of certificates (feature `tls`) | what your code does when a [`RealRedis`] shows one that has expired, or is not to be trusted. |
//! | [`FaultProxy`] | a TCP proxy in front of either | what the network does: refused, held up, delayed and cut connections. |
//!
//! Time is in `redis-resilient` itself: with its feature `test-util`, `ManualClock` is moved by hand in synchronous code, and asynchronous code has
//! `tokio::time::pause`.
//!
//! All servers are synchronous, so they serve synchronous tests and those on any runtime alike; they
//! listen on ports of their own, so that tests can run in parallel; and they clean up when dropped.
//! There is no waiting for a fault to take effect: it has when the method that sets it returns.
//!
//! # Testing a function
//!
//! Say a function counts visits, and is to report zero rather than fail when Redis is away:
//!
//! ```
//! use redis_resilient_testkit::{EmbeddedRedis, ReplyFault};
//!
//! fn count_visit(client: &redis::Client) -> i64 {
//!     let count = || redis::cmd("INCR").arg("visits").query(&mut client.get_connection()?);
//!     count().unwrap_or_else(|_: redis::RedisError| 0)
//! }
//!
//! let server = EmbeddedRedis::start()?;
//! let client = redis::Client::open(server.url())?;
//! assert_eq!(count_visit(&client), 1);
//!
//! server.down();
//! assert_eq!(count_visit(&client), 0);
//! server.up();
//! assert_eq!(count_visit(&client), 2);
//!
//! // The server executes the command, but the reply is lost: the visit counts all the same.
//! server.fault(ReplyFault::CloseAfter);
//! assert_eq!(count_visit(&client), 0);
//! assert_eq!(server.calls("INCR"), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # One-shot and standing faults
//!
//! [`EmbeddedRedis::fault`] and [`FaultProxy::next_reply`] strike once; called several times, they
//! strike as many times in turn. [`EmbeddedRedis::always`] and [`FaultProxy::set`] last until
//! lifted. `down`, `freeze` and `kill` last until `up`, `thaw` and `restart`.
//!
//! # Several servers
//!
//! [`servers`] gives each server program of the machine, Redis or Valkey, old or new, for a test
//! that is to hold on all of them; the builders of the three real servers take one as their
//! `program`. [`fetch_server`] fetches further ones.
//!
//! # Platforms
//!
//! Linux and macOS. [`RealRedis`] uses the `redis-server` or `valkey-server` of the machine, and
//! on Debian and Ubuntu fetches one if there is none; [`StartError`] says what to do elsewhere.

mod background;
#[cfg(feature = "browser")]
mod browser;
mod embedded;
mod fault_proxy;
mod fetch;
mod listener;
mod locate;
mod poll;
mod port;
mod process;
mod real_cluster;
mod real_nats;
mod real_prometheus;
mod real_redis;
mod real_sentinel;
mod replication;
mod server_package;
mod server_program;
mod servers;
mod start_error;
mod temp_dir;
mod tls;
#[cfg(feature = "tls")]
mod tls_authority;
mod watchdog;

#[cfg(feature = "browser")]
pub use browser::{BrowserError, BrowserWindow, Look, RealBrowser};
pub use embedded::{EmbeddedRedis, ReplyFault};
pub use fault_proxy::{FaultProxy, ReplyCut, WireFault};
pub use real_cluster::{RealCluster, RealClusterBuilder, SlotMove};
pub use real_nats::RealNats;
pub use real_prometheus::RealPrometheus;
pub use real_redis::{RealRedis, RealRedisBuilder};
pub use real_sentinel::{RealSentinel, RealSentinelBuilder};
pub use server_program::{Product, ServerProgram};
pub use servers::{Servers, fetch_server, servers};
pub use start_error::StartError;
pub use tls::TlsCertificate;
#[cfg(feature = "tls")]
pub use tls_authority::TlsAuthority;
