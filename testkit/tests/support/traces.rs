//! What servers leave behind unless they are cleaned up.

use std::{
    env,
    io::{self, BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use redis_resilient_testkit::RealRedis;

/// Set for the process that [`of_a_killed_process`] kills.
const VICTIM: &str = "TESTKIT_VICTIM";
/// The victim's last line.
const COMPLETE: &str = "complete";

/// Where to look whether a server is gone.
#[derive(Debug)]
pub(crate) struct Trace {
    addr: SocketAddr,
    dir: PathBuf,
}

impl Trace {
    pub(crate) fn of(server: &RealRedis) -> Self {
        Self {
            addr: server.addr(),
            dir: server.dir().to_owned(),
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        // The backlog of a frozen server fills up, and connecting takes ever so long.
        let connected = TcpStream::connect_timeout(&self.addr, Duration::from_millis(100));
        connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
            && !self.dir.exists()
    }

    /// Waits for what happens after a process's death.
    pub(crate) fn wait_until_gone(&self) {
        let start = Instant::now();
        while !self.is_gone() {
            assert!(start.elapsed() < Duration::from_secs(10), "left: {self:?}");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Whether this is the process to be killed.
pub(crate) fn is_victim() -> bool {
    env::var_os(VICTIM).is_some()
}

/// Tells of the servers this process has started, and waits to be killed.
pub(crate) fn tell<'a>(servers: impl IntoIterator<Item = &'a RealRedis>) {
    for trace in servers.into_iter().map(Trace::of) {
        println!("victim: {} {}", trace.addr, trace.dir.display());
    }
    println!("victim: {COMPLETE}");
    // Ends by itself if the test fails.
    io::stdin().read_line(&mut String::new()).unwrap();
}

/// Runs a test in a process of its own, where it is to [`tell`], and kills that process.
pub(crate) fn of_a_killed_process(test: &str) -> Vec<Trace> {
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(VICTIM, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let traces: Vec<_> = lines
        .map(Result::unwrap)
        .filter_map(|line| Some(line.split_once("victim: ")?.1.to_owned()))
        .take_while(|line| line != COMPLETE)
        .map(|line| {
            let (addr, dir) = line.split_once(' ').unwrap();
            Trace {
                addr: addr.parse().unwrap(),
                dir: dir.into(),
            }
        })
        .collect();
    assert!(traces.iter().all(|trace| !trace.is_gone()), "{traces:?}");
    victim.kill().unwrap();
    victim.wait().unwrap();
    traces
}
