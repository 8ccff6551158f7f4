//! redis-py's `MultiDBClient`, in a process of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redis::Commands as _;

use crate::{ENOUGH, Result};

/// What was measured last.
const PACKAGES: [&str; 2] = ["redis==8.1.0", "pybreaker==1.4.1"];
const PROGRAM: &str = include_str!("multidb.py");

/// Where it is installed.
pub(crate) struct Peer(PathBuf);

/// Installs it, unless it is there; `None`, and a line that says so: that cannot be done here.
pub(crate) fn installed() -> Option<Peer> {
    let target = std::env::current_exe().ok()?;
    let folder = target.parent()?.join("failover-redis-py-8.1.0");
    let has_it = |folder: &PathBuf| folder.join("redis/multidb/client.py").is_file();
    if !has_it(&folder) {
        let pip = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--target"])
            .arg(&folder)
            .args(PACKAGES)
            .stderr(Stdio::null())
            .status();
        if !pip.is_ok_and(|status| status.success()) || !has_it(&folder) {
            println!("redis-py is left out: python3 with pip cannot install {PACKAGES:?} here\n");
            return None;
        }
    }
    println!("redis-py: {PACKAGES:?}, MultiDBClient with its defaults\n");
    Some(Peer(folder))
}

pub(crate) struct Process {
    child: Child,
    first: String,
}

impl Peer {
    pub(crate) fn start(&self, eu: &str, us: &str) -> Result<Process> {
        let child = Command::new("python3")
            .env("PYTHONPATH", &self.0)
            .args(["-c", PROGRAM, eu, us])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Process {
            child,
            first: eu.to_owned(),
        })
    }
}

impl Process {
    /// Waits until it has written something.
    pub(crate) fn is_at_work(&self) -> Result<()> {
        let mut server = redis::Client::open(self.first.as_str())?.get_connection()?;
        let begun = Instant::now();
        while !server.exists::<_, bool>("python")? {
            if begun.elapsed() > ENOUGH {
                return Err("redis-py does not begin".into());
            }
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
