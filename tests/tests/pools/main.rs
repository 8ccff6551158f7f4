//! Functions that take their connections from a pool, on real servers: what of it was never sent, and what may have run.

mod bb8;
mod deadpool;
mod r2d2;

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redis_resilient_testkit::{RealRedis, StartError};
use redis_resilient_tests::{connect, server, server_with};

type TestResult = Result<(), Box<dyn std::error::Error>>;

const MS: fn(u64) -> Duration = Duration::from_millis;
/// How long a pool may take to have a connection.
const ACQUIRE: Duration = Duration::from_millis(200);

/// How often a function was run.
#[derive(Debug, Default)]
struct Tries(AtomicU32);

impl Tries {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn take(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// A server with a password, and a URL with another one.
fn with_wrong_password() -> Result<(RealRedis, String), StartError> {
    let server = server_with(&["--requirepass", "right"])?;
    let url = format!("redis://:wrong@{}/", server.addr());
    Ok((server, url))
}

/// Kills the server as soon as a command waits in it.
fn kill_in_command(server: RealRedis) -> JoinHandle<redis::RedisResult<RealRedis>> {
    thread::spawn(move || {
        let mut watching = connect(&server.url())?;
        loop {
            let info: String = redis::cmd("INFO").arg("clients").query(&mut watching)?;
            if info.contains("blocked_clients:1") {
                server.kill();
                return Ok(server);
            }
            thread::sleep(MS(2));
        }
    })
}
