//! What the integration tests share.

pub mod commands;
pub mod log;
pub mod pem;
pub mod spans;

use std::time::Duration;

use redis_resilient_testkit::{RealRedis, StartError};

/// A real server of this test's own.
///
/// # Errors
/// If there is none on this machine and none can be fetched.
pub fn server() -> Result<RealRedis, StartError> {
    RealRedis::start()
}

/// A real server of this test's own with these arguments.
///
/// # Errors
/// If there is none on this machine and none can be fetched.
pub fn server_with(args: &[&str]) -> Result<RealRedis, StartError> {
    RealRedis::builder().args(args.iter().copied()).start()
}

/// A blocking connection that gives up on a silent server.
///
/// # Errors
/// If it cannot be opened.
pub fn connect(url: &str) -> redis::RedisResult<redis::Connection> {
    let connection = redis::Client::open(url)?.get_connection()?;
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(connection)
}

/// The README's programs are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../docs/several-databases.md")]
#[derive(Debug)]
pub struct Readme;
