//! How synchronous code connects to a server.

use std::time::{Duration, Instant};

use redis::{ConnectionAddr, ConnectionInfo, RedisResult};

use super::credentials::{Credentials, Renewal};
use super::settings::Settings;
use super::share::share;
use super::source::{client, nowhere};

/// What synchronous code has connected.
pub(super) struct BlockingConnected {
    pub(super) server: redis::Connection,
    pub(super) address: ConnectionAddr,
    pub(super) renewal: Renewal,
}

/// Connects to the first of them that lets it, in the time to connect, which has `begun`: each has its share of what is left.
pub(super) fn connect_to_any(
    servers: Vec<ConnectionInfo>,
    settings: &Settings,
    begun: Instant,
) -> RedisResult<BlockingConnected> {
    let asked = settings.ask_blocking()?;
    let mut failure = None;
    let mut remaining = servers.len();
    for info in servers {
        let address = info.addr().clone();
        let left = settings.connect_timeout.saturating_sub(begun.elapsed());
        // Zero would be no limit.
        let limit = share(left, remaining).max(Duration::from_millis(1));
        remaining -= 1;
        match connect(info, settings, asked.get(), limit) {
            Ok(server) => {
                return Ok(BlockingConnected {
                    server,
                    address,
                    renewal: asked.renewal,
                });
            }
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(nowhere))
}

/// Redis-rs limits each step, not the whole: one that fails for a server which stands still is the last.
fn connect(
    server: ConnectionInfo,
    settings: &Settings,
    credentials: Option<&Credentials>,
    limit: Duration,
) -> RedisResult<redis::Connection> {
    let client = client(without_introduction(server), settings, credentials)?;
    let begun = Instant::now();
    let mut connection = client.get_connection_with_timeout(limit)?;
    answers(&mut connection, limit.saturating_sub(begun.elapsed()))?;
    // Whoever gets it says how long it may wait.
    connection.set_read_timeout(None)?;
    Ok(connection)
}

/// Redis-rs tells the server its own name and version, and waits for both answers as long as it may, one after the other, but needs none.
fn without_introduction(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_skip_set_lib_name();
    info.set_redis_settings(settings)
}

/// Whether anything is heard of it in time: the system accepts connections for a server that stands still, too.
fn answers(server: &mut redis::Connection, limit: Duration) -> RedisResult<()> {
    // Zero would be no limit.
    server.set_read_timeout(Some(limit.max(Duration::from_millis(1))))?;
    let ping = redis::cmd("PING");
    // A refusal will do, but for the first: it may be the last word of a server that has no room.
    if let Err(error) = ping.exec(server)
        && (error.is_io_error() || ping.exec(server).is_err_and(|error| error.is_io_error()))
    {
        return Err(error);
    }
    Ok(())
}
