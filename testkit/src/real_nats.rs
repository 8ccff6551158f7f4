//! A real NATS server.

use std::{
    fs,
    io::{self, Read as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{
    StartError, locate, port::Reservation, process::Process, real_redis::readiness::last_lines,
    temp_dir::TempDir, watchdog::Watchdog,
};

/// How long a server may take to become ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// A real `nats-server` process of its own, with `JetStream`.
///
/// It listens on a port of 127.0.0.1 and keeps its streams in a temporary directory. It is killed and its directory removed when this value is dropped, and
/// also when the test process dies.
///
/// The program is the `nats-server` on the `PATH`. Where there is none, the package of Debian or Ubuntu is fetched to cargo's target directory.
///
/// # Examples
///
/// ```
/// use redis_resilient_testkit::RealNats;
///
/// let nats = RealNats::start()?;
/// assert!(std::net::TcpStream::connect(nats.addr()).is_ok());
/// nats.kill();
/// assert!(std::net::TcpStream::connect(nats.addr()).is_err());
/// nats.restart()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RealNats {
    port: Mutex<Reservation>,
    // Dropped in this order.
    process: Mutex<Option<Process>>,
    watchdog: Arc<Watchdog>,
    dir: TempDir,
}

impl RealNats {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there is no server program, or it does not start.
    pub fn start() -> Result<Self, StartError> {
        let dir = TempDir::new().map_err(StartError::io("create a temporary directory"))?;
        let watchdog =
            Watchdog::over(dir.path()).map_err(StartError::io("start the watchdog shell"))?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let port = Reservation::new(any).map_err(StartError::io("reserve a port"))?;
        let nats = Self {
            port: Mutex::new(port),
            process: Mutex::new(None),
            watchdog: Arc::new(watchdog),
            dir,
        };
        nats.restart()?;
        Ok(nats)
    }

    /// Where it is, as in `nats://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("nats://{}", self.addr())
    }

    /// The address of its port; stays the same over a [`restart`](Self::restart).
    pub fn addr(&self) -> SocketAddr {
        lock(&self.port).addr()
    }

    /// Kills it, as `kill -9` does. What it has acknowledged is in its directory still.
    pub fn kill(&self) {
        *lock(&self.process) = None;
        lock(&self.port).take_back();
    }

    /// Starts it once more with what it has kept, and waits until it answers; kills it before if it runs.
    ///
    /// # Errors
    ///
    /// [`StartError`] where it does not start.
    pub fn restart(&self) -> Result<(), StartError> {
        self.kill();
        let program = locate::nats().map_err(|reason| StartError::NotFetched {
            server: "nats-server".to_owned(),
            reason,
        })?;
        let addr = self.addr();
        // What streams may hold at most is reserved, and refused beyond what is free of the disk, unless this says how much there is.
        let config = self.dir.path().join("nats.conf");
        fs::write(&config, "jetstream { max_file_store: 1TB }\n")
            .map_err(StartError::io("write the server's configuration"))?;
        let mut command = Command::new(&program);
        command
            .args(["--addr", "127.0.0.1", "--port", &addr.port().to_string()])
            .arg("--config")
            .arg(config)
            .arg("--jetstream")
            .arg("--store_dir")
            .arg(self.dir.path().join("store"));
        lock(&self.port).lend();
        let log = self.dir.path().join("nats.log");
        let mut process = Process::spawn(command, &program, &log, &self.watchdog)?;
        let started = Instant::now();
        while greets(addr).is_err() {
            if !process.is_running() {
                let log = last_lines(&log);
                return Err(StartError::Exited { log });
            }
            if started.elapsed() > PATIENCE {
                return Err(StartError::NotReady {
                    waited: PATIENCE,
                    log: last_lines(&log),
                });
            }
            thread::sleep(Duration::from_millis(2));
        }
        *lock(&self.process) = Some(process);
        Ok(())
    }
}

/// A server speaks first.
fn greets(addr: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting)?;
    if &greeting == b"INFO " {
        return Ok(());
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
