//! A real Redis server.

pub(crate) mod ask;
mod builder;
mod certificate;
mod launch;
mod ports;
pub(crate) mod readiness;

use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use builder::RealRedisBuilder;
use ports::Ports;
use rustix::process::Signal;

use crate::{
    FaultProxy, ServerProgram, StartError, locate, process::Process, temp_dir::TempDir,
    watchdog::Watchdog,
};

/// A real `redis-server` (or `valkey-server`) process of its own.
///
/// It listens on a TCP port of 127.0.0.1 and on a Unix socket, keeps its files in a temporary
/// directory, and saves nothing unless told so. It is killed and its directory removed when this
/// value is dropped, and also when the test process dies.
///
/// The program is the first in `$REDIS_SERVER_BIN`, a list as `PATH` is one, unless the
/// [builder](Self::builder) names [another](RealRedisBuilder::program). Without that variable it is
/// looked for as `redis-server` and `valkey-server` on the `PATH`, then in `redis/` in cargo's target
/// directory. Where there is none, the package of Debian or Ubuntu is fetched to that place, which
/// needs a network but not root.
///
/// # Examples
///
/// ```
/// use redis_resilient_testkit::RealRedis;
///
/// let redis = RealRedis::start()?;
/// let client = redis::Client::open(redis.url())?;
/// redis::cmd("SET").arg("city").arg("Oslo").exec(&mut client.get_connection()?)?;
///
/// redis.kill();
/// assert!(client.get_connection().is_err());
///
/// redis.restart()?;
/// assert!(client.get_connection().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RealRedis {
    program: ServerProgram,
    options: RealRedisBuilder,
    ports: Mutex<Ports>,
    proxy: Option<FaultProxy>,
    // Dropped in this order.
    process: Mutex<Option<Process>>,
    watchdog: Arc<Watchdog>,
    dir: TempDir,
}

impl RealRedis {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there is no server program or it does not start.
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// Starts a server with arguments of one's own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use redis_resilient_testkit::RealRedis;
    /// let full = RealRedis::builder().arg("--maxmemory").arg("1000").start()?;
    /// let mut connection = redis::Client::open(full.url())?.get_connection()?;
    /// let error = redis::cmd("SET").arg("k").arg("v").exec(&mut connection).unwrap_err();
    /// assert_eq!(error.code(), Some("OOM"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder() -> RealRedisBuilder {
        RealRedisBuilder::new()
    }

    /// Whether there is a server program on this machine; fetches nothing.
    pub fn is_installed() -> bool {
        matches!(locate::installed(), Ok(Some(_)))
    }

    /// The program it runs.
    pub fn program(&self) -> &ServerProgram {
        &self.program
    }

    /// The URL of the TCP port, as in `redis://127.0.0.1:40123/`, or with
    /// [TLS](RealRedisBuilder::tls) as in `rediss://localhost:40123/`.
    pub fn url(&self) -> String {
        let addr = self.addr();
        match self.options.tls {
            Some(_) => format!("rediss://localhost:{}/", addr.port()),
            None => format!("redis://{addr}/"),
        }
    }

    /// The URL of the Unix socket, as in `redis+unix:///tmp/…/redis.sock`.
    pub fn unix_url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// The address of the TCP port; stays the same over a [`restart`](Self::restart).
    pub fn addr(&self) -> SocketAddr {
        lock(&self.ports).addr()
    }

    /// The proxy in front of the server, if it was started with one.
    pub(crate) fn proxy(&self) -> Option<&FaultProxy> {
        self.proxy.as_ref()
    }

    /// The port on which the nodes of a cluster talk to each other; only such a node has one.
    pub(crate) fn bus_port(&self) -> Option<u16> {
        lock(&self.ports).bus_port()
    }

    /// The path of the Unix socket, as for [`FaultProxy::to_unix`](crate::FaultProxy::to_unix).
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("redis.sock")
    }

    /// The server's working directory, where it would save its data.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process id of the server, or `None` while it is not running.
    pub fn pid(&self) -> Option<u32> {
        let mut process = lock(&self.process);
        let process = process.as_mut()?;
        process.is_running().then(|| process.pid())
    }

    /// Whether the server process exists; a frozen one does.
    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    /// Whether the server can be expected to answer: it is neither killed nor frozen.
    pub(crate) fn is_awake(&self) -> bool {
        let mut process = lock(&self.process);
        process
            .as_mut()
            .is_some_and(|process| process.is_running() && !process.is_stopped().unwrap_or(false))
    }

    /// What the server has printed since its first start.
    pub fn log(&self) -> String {
        fs::read(self.log_file())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Kills the server as `kill -9` does: data is lost, and connecting is refused from now on.
    ///
    /// Does nothing where it is not running.
    pub fn kill(&self) {
        *lock(&self.process) = None;
    }

    /// Stops the process from running (`SIGSTOP`): it keeps its connections, and the system even
    /// accepts new ones for it, but it answers nothing. In force when this returns.
    ///
    /// # Panics
    ///
    /// Panics if the server is not running.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a [frozen](Self::freeze) server go on: it now runs the commands that came meanwhile.
    ///
    /// # Panics
    ///
    /// Panics if the server is not running.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let mut process = lock(&self.process);
        let sent = process
            .as_mut()
            .and_then(|process| process.is_running().then(|| process.signal(signal)));
        drop(process);
        match sent {
            Some(Ok(())) => {}
            Some(Err(error)) => panic!("the Redis server does not take {signal:?}: {error}"),
            None => panic!("the Redis server is not running"),
        }
    }

    /// Starts the server again with the same port, directory and arguments; one that still runs is
    /// killed first.
    ///
    /// # Errors
    ///
    /// [`StartError`] where the server does not start.
    pub fn restart(&self) -> Result<(), StartError> {
        self.restart_with([""; 0])
    }

    /// As [`restart`](Self::restart), with further arguments for this one run.
    ///
    /// # Errors
    ///
    /// [`StartError`] where the server does not start.
    pub fn restart_with<I>(&self, args: I) -> Result<(), StartError>
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        let mut running = lock(&self.process);
        // The old one must be gone before the new one binds.
        *running = None;
        let mut ports = lock(&self.ports);
        ports.lend();
        let mut command = self.program.command();
        if self.options.config.is_some() {
            command.arg(self.config_file());
        }
        command
            .args(["--bind", "127.0.0.1"])
            .args(ports.args(self.options.tls.is_some()))
            .arg("--unixsocket")
            .arg(self.socket())
            .arg("--dir")
            .arg(self.dir())
            .args(["--daemonize", "no", "--save", "", "--appendonly", "no"]);
        if let Some(tls) = &self.options.tls {
            command.args(tls.args());
        }
        if let Some(proxy) = &self.proxy {
            let port = proxy.addr().port().to_string();
            command.args(["--cluster-announce-port", &port]);
        }
        if self.program.knows_enable_debug_command() {
            command.args(["--enable-debug-command", "yes"]);
        }
        command
            .args(&self.options.args)
            .args(args.into_iter().map(Into::into));
        let (program, log) = (self.program.path(), self.log_file());
        let process = Process::spawn(command, program, &log, &self.watchdog);
        let process = process.and_then(|mut process| {
            readiness::wait(&mut process, &self.socket(), &log, self.options.wait_loaded)?;
            Ok(process)
        });
        ports.take_back();
        *running = Some(process?);
        Ok(())
    }

    fn config_file(&self) -> PathBuf {
        self.dir.path().join("redis.conf")
    }

    fn log_file(&self) -> PathBuf {
        self.dir.path().join("redis.log")
    }
}

/// A panic of a test that held the lock leaves nothing half-done behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
