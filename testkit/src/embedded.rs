//! An in-process server that speaks the Redis protocol.

#[allow(
    clippy::unnecessary_wraps,
    reason = "all commands have the same signature"
)]
mod commands;
mod connection;
mod faults;
mod journal;
mod reply;
mod request;
mod store;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use commands::Databases;
use connection::Server;
use faults::Faults;
pub use faults::ReplyFault;
use journal::Journal;
use tokio::sync::watch;

use crate::listener::Listener;

/// A small Redis server within the test process, on a real port, that fails on demand.
///
/// It knows the common string, counter, hash, list, key, expiry and transaction commands, over
/// RESP2 and RESP3, and answers as Redis 7 does. It saves nothing and runs on a thread of its own.
///
/// # Examples
///
/// ```
/// use redis_resilient_testkit::{EmbeddedRedis, ReplyFault};
///
/// let server = EmbeddedRedis::start()?;
/// let client = redis::Client::open(server.url())?;
/// let mut connection = client.get_connection()?;
///
/// server.fault(ReplyFault::Error("LOADING Redis is loading the dataset in memory"));
/// let error = redis::cmd("INCR").arg("n").query::<i64>(&mut connection).unwrap_err();
/// assert_eq!(error.code(), Some("LOADING"));
/// assert_eq!(server.calls("INCR"), 0);
///
/// server.fault(ReplyFault::CloseAfter);
/// assert!(redis::cmd("INCR").arg("n").query::<i64>(&mut connection).is_err());
/// assert_eq!(server.calls("INCR"), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EmbeddedRedis {
    listener: Listener,
    shared: Arc<Shared>,
}

/// What the connections and the handle have in common.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    frozen: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    databases: Databases,
    faults: Faults,
    journal: Journal,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EmbeddedRedis {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If the system has no thread or port left.
    pub fn start() -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let listener = Listener::start("embedded-redis", Server::new(shared.clone()))?;
        Ok(Self { listener, shared })
    }

    /// The URL to connect to, as in `redis://127.0.0.1:40123/`.
    pub fn url(&self) -> String {
        format!("redis://{}/", self.addr())
    }

    /// The address to connect to; never changes.
    pub fn addr(&self) -> SocketAddr {
        self.listener.addr()
    }

    /// Takes the server down: connecting is refused, and all connections are reset. The data is
    /// kept; to lose it as well, [`wipe`](Self::wipe) it.
    pub fn down(&self) {
        self.listener.down();
    }

    /// Brings the server up again on the same port.
    ///
    /// # Panics
    ///
    /// Panics if the port cannot be opened again.
    pub fn up(&self) {
        self.listener.up();
    }

    /// From now on accepts connections and commands, but answers nothing and executes nothing.
    pub fn freeze(&self) {
        self.shared.frozen.send_replace(true);
    }

    /// Ends [`freeze`](Self::freeze): the commands that came meanwhile are executed now.
    pub fn thaw(&self) {
        self.shared.frozen.send_replace(false);
    }

    /// Removes all data.
    pub fn wipe(&self) {
        self.shared.state().databases.clear();
    }

    /// Makes the next command fail; called several times, as many commands.
    ///
    /// Commands by which clients set up a connection (`HELLO`, `AUTH`, `CLIENT`, `SELECT`) are
    /// passed over, here and for the other faults.
    pub fn fault(&self, fault: ReplyFault) {
        self.shared.state().faults.add(None, fault);
    }

    /// Makes the next command of this name fail, as in `EXEC`.
    pub fn fault_on(&self, command: &str, fault: ReplyFault) {
        let command = command.to_ascii_uppercase();
        self.shared.state().faults.add(Some(command), fault);
    }

    /// Makes every command fail that meets no other fault, until called with `None`.
    pub fn always(&self, fault: Option<ReplyFault>) {
        self.shared.state().faults.set_standing(fault);
    }

    /// Forgets all faults, whether standing or yet to come.
    pub fn clear_faults(&self) {
        self.shared.state().faults = Faults::default();
    }

    /// The commands read so far, as in `SET city Oslo`, whether executed or not (a frozen server reads none); without those
    /// by which clients set up a connection.
    pub fn seen(&self) -> Vec<String> {
        self.shared.state().journal.received()
    }

    /// Of the commands [`seen`](Self::seen) those that were executed, if with an error.
    ///
    /// Commands within a transaction count from `EXEC` on.
    pub fn executed(&self) -> Vec<String> {
        self.shared.state().journal.executed()
    }

    /// How often the command of this name, as in `INCR`, was executed.
    pub fn calls(&self, command: &str) -> usize {
        self.shared.state().journal.calls(command)
    }

    /// How many connections have been accepted so far.
    pub fn accepted(&self) -> u64 {
        self.listener.accepted()
    }

    /// How many connections are open now.
    pub fn open(&self) -> u64 {
        self.listener.open()
    }
}
