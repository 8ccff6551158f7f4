//! A real Prometheus.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    StartError, locate, port::Reservation, process::Process, real_redis::readiness::last_lines,
    temp_dir::TempDir, watchdog::Watchdog,
};

/// How long a server may take to become ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(20);

/// A real `prometheus` process of its own, which scrapes one address each second and evaluates rules every 200 ms.
///
/// It is killed and its directory removed when this value is dropped, and also when the test process dies.
///
/// The programs are the `prometheus` and `promtool` on the `PATH`. Where there are none, the package of Debian or Ubuntu is fetched to cargo's target
/// directory.
///
/// # Examples
///
/// ```
/// use redis_resilient_testkit::RealPrometheus;
///
/// let nobody = "127.0.0.1:9".parse()?;
/// let prometheus = RealPrometheus::start(nobody, "groups: []")?;
/// let up = prometheus.get("/api/v1/query?query=vector(1)")?;
/// assert!(up.contains(r#""status":"success""#), "{up}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RealPrometheus {
    addr: SocketAddr,
    // Dropped in this order.
    _process: Process,
    _port: Reservation,
    _watchdog: Arc<Watchdog>,
    _dir: TempDir,
}

impl RealPrometheus {
    /// Starts one that scrapes `/metrics` there, and evaluates these rules: the text of a rule file. Waits until it answers.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there is no such program, or it does not start; a mistake in the rules is in its text.
    pub fn start(scraped: SocketAddr, rules: &str) -> Result<Self, StartError> {
        let program = locate::prometheus("prometheus").map_err(not_fetched)?;
        let dir = TempDir::new().map_err(StartError::io("create a temporary directory"))?;
        let watchdog =
            Watchdog::over(dir.path()).map_err(StartError::io("start the watchdog shell"))?;
        let watchdog = Arc::new(watchdog);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut port = Reservation::new(any).map_err(StartError::io("reserve a port"))?;
        let addr = port.addr();
        let config = dir.path().join("prometheus.yml");
        fs::write(dir.path().join("rules.yml"), rules)
            .and_then(|()| fs::write(&config, config_for(scraped)))
            .map_err(StartError::io("write the configuration"))?;
        let mut command = Command::new(&program);
        let option = |name: &str, value: &dyn std::fmt::Display| format!("--{name}={value}");
        command
            .arg(option("config.file", &config.display()))
            .arg(option(
                "storage.tsdb.path",
                &dir.path().join("data").display(),
            ))
            .arg(option("web.listen-address", &addr));
        port.lend();
        let log = dir.path().join("prometheus.log");
        let mut process = Process::spawn(command, &program, &log, &watchdog)?;
        let started = Instant::now();
        while get(addr, "/-/ready").is_err() {
            if !process.is_running() {
                let log = last_lines(&log);
                return Err(StartError::Exited { log });
            }
            if started.elapsed() > PATIENCE {
                let (waited, log) = (PATIENCE, last_lines(&log));
                return Err(StartError::NotReady { waited, log });
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Self {
            addr,
            _process: process,
            _port: port,
            _watchdog: watchdog,
            _dir: dir,
        })
    }

    /// Where its API and its pages are.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it answers to a `GET` of this path, such as `/api/v1/alerts`.
    ///
    /// # Errors
    ///
    /// Where it does not answer, or not with success.
    pub fn get(&self, path: &str) -> io::Result<String> {
        get(self.addr, path)
    }

    /// Runs `promtool`, and returns what it prints.
    ///
    /// # Errors
    ///
    /// Where there is none, and what it says where it fails.
    pub fn promtool<A: AsRef<std::ffi::OsStr>>(
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<String, String> {
        let program = locate::prometheus("promtool")?;
        let output = Command::new(&program)
            .args(arguments)
            .output()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if output.status.success() {
            Ok(said)
        } else {
            Err(said)
        }
    }

    /// Runs `promtool check rules` on a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check_rules(file: &Path) -> Result<String, String> {
        Self::promtool(["check".as_ref(), "rules".as_ref(), file.as_os_str()])
    }
}

fn not_fetched(reason: String) -> StartError {
    StartError::NotFetched {
        server: "prometheus".to_owned(),
        reason,
    }
}

fn config_for(scraped: SocketAddr) -> String {
    format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 200ms }}\n\
         rule_files: [rules.yml]\n\
         scrape_configs:\n\
         - job_name: service\n  static_configs: [{{ targets: ['{scraped}'] }}]\n"
    )
}

fn get(addr: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(ANSWER))?;
    // Of HTTP 1.0, in which the end of the answer is the end of the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {addr}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        Ok(body.to_owned())
    } else {
        Err(io::Error::other(format!("{path}: {head}\n{body}")))
    }
}
