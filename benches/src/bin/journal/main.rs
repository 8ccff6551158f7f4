//! What a journal takes: acknowledged writes per second beside one `fsync` for each and beside redb, the time to open a million, its memory through a long
//! outage, and what a write over it costs while Redis is well. Its exit code is 0 only if all are within what is aimed at.
//!
//! ```sh
//! cargo run --release -p redis-resilient-benches --bin journal
//! cargo run --release -p redis-resilient-benches --bin journal -- --outage 600   # and ten minutes of 5,000 writes a second
//! ```

mod commits;
mod memory;
mod outage;
mod passing;
mod peer;
mod recovery;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use redis_resilient::connection::Connector;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds = arguments
        .iter()
        .position(|argument| argument == "--outage")
        .and_then(|place| arguments.get(place + 1)?.parse().ok());
    let scratch = Scratch::new()?;
    let mut is_good = commits::measure(&scratch)?;
    is_good &= recovery::measure(&scratch)?;
    is_good &= passing::measure()?;
    if let Some(seconds) = seconds {
        is_good &= outage::measure(&scratch, seconds)?;
    }
    Ok(is_good)
}

/// Nobody is there.
fn nowhere() -> Result<Connector> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    drop(listener);
    Ok(Connector::open(format!("redis://127.0.0.1:{port}/"))?)
}

/// A directory on the disk of this workspace, not in memory as `/tmp` may be.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/journal-bench");
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
