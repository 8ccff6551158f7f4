//! A TCP proxy that makes things go wrong on the wire.
//!
//! Circle: `fault_proxy::link`, `fault_proxy::replies`: a link hands on replies, and a reply may end its link.

mod fault;
mod framer;
mod link;
mod questions;
mod replies;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use fault::Plan;
pub use fault::{ReplyCut, WireFault};
use link::{Link, Upstream};
use tokio::sync::watch;

use crate::listener::Listener;

/// A proxy in front of a server that refuses, holds up, delays and cuts what passes through.
///
/// It runs on a thread of its own, so it works beside any runtime, also a single-threaded one that
/// is blocked in a synchronous call. A fault is in force as soon as the method that sets it
/// returns.
///
/// A client sends commands of its own upon connecting, such as `CLIENT SETINFO` and `HELLO`. To
/// hit the reply to *your* command, connect first and set the fault then.
///
/// A replica that reaches its primary through the proxy is spared all faults once it has said that
/// it is one, but for those that end all connections: [`WireFault::Refuse`] and
/// [`reset_connections`](Self::reset_connections).
///
/// Where the server behind is down, connecting to the proxy works and the connection is reset; to
/// have it refused, set [`WireFault::Refuse`].
///
/// # Examples
///
/// A reply is lost after the server has executed the command:
///
/// ```
/// use redis_resilient_testkit::{FaultProxy, RealRedis, ReplyCut};
///
/// let redis = RealRedis::start()?;
/// let proxy = FaultProxy::to(redis.addr())?;
/// let client = redis::Client::open(proxy.url())?;
/// let mut connection = client.get_connection()?;
///
/// proxy.next_reply(ReplyCut::CloseAfter(0));
/// let lost = redis::cmd("INCR").arg("n").query::<i64>(&mut connection);
/// assert!(lost.unwrap_err().is_connection_dropped());
///
/// let n: i64 = redis::cmd("GET").arg("n").query(&mut client.get_connection()?)?;
/// assert_eq!(n, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FaultProxy {
    listener: Listener,
    plan: watch::Sender<Plan>,
}

impl FaultProxy {
    /// Starts a proxy in front of a TCP server.
    ///
    /// # Errors
    ///
    /// If the system has no thread or port left.
    pub fn to(server: SocketAddr) -> io::Result<Self> {
        Self::start(Upstream::Tcp(server))
    }

    /// Starts a proxy in front of a server on a Unix socket; the proxy itself listens on TCP.
    ///
    /// # Errors
    ///
    /// If the system has no thread or port left.
    pub fn to_unix(socket: impl AsRef<Path>) -> io::Result<Self> {
        Self::start(Upstream::Unix(PathBuf::from(socket.as_ref())))
    }

    fn start(upstream: Upstream) -> io::Result<Self> {
        let plan = watch::Sender::new(Plan::default());
        let link = Link::new(upstream, plan.clone());
        Ok(Self {
            listener: Listener::start("redis-fault-proxy", link)?,
            plan,
        })
    }

    /// The URL to connect to, as in `redis://127.0.0.1:40123/`.
    pub fn url(&self) -> String {
        format!("redis://{}/", self.addr())
    }

    /// The address to connect to; never changes.
    pub fn addr(&self) -> SocketAddr {
        self.listener.addr()
    }

    /// Puts a standing fault in force, in place of the one there was.
    ///
    /// # Panics
    ///
    /// Panics if [`WireFault::Refuse`] was in force and the port cannot be opened again.
    pub fn set(&self, fault: WireFault) {
        self.replace(Some(fault));
    }

    /// Cuts the next reply that comes from the server, on whichever connection; called several
    /// times, as many replies. Those to `PING` and `CLUSTER` do not count and pass: clients send
    /// them when they like, and the fault is meant for the command under test.
    pub fn next_reply(&self, cut: ReplyCut) {
        self.plan.send_modify(|plan| plan.cuts.push_back(cut));
    }

    /// Lifts all faults, also those of replies yet to come; what a black hole held up goes through.
    ///
    /// # Panics
    ///
    /// Panics if [`WireFault::Refuse`] was in force and the port cannot be opened again.
    pub fn pass(&self) {
        self.plan.send_modify(|plan| plan.cuts.clear());
        self.replace(None);
    }

    /// Resets all connections there are, now; new ones are accepted.
    pub fn reset_connections(&self) {
        self.listener.reset_all();
    }

    /// How many connections have been accepted so far.
    pub fn accepted(&self) -> u64 {
        self.listener.accepted()
    }

    /// How many connections are open now.
    ///
    /// One that the client has closed during a black hole counts until the fault is lifted.
    pub fn open(&self) -> u64 {
        self.listener.open()
    }

    fn replace(&self, fault: Option<WireFault>) {
        let first_new = self.accepted();
        let mut before = None;
        self.plan.send_modify(|plan| {
            before = plan.standing;
            plan.standing = fault;
            plan.first_new = first_new;
        });
        if fault == Some(WireFault::Refuse) {
            self.listener.down();
        } else if before == Some(WireFault::Refuse) {
            self.listener.up();
        }
    }
}
