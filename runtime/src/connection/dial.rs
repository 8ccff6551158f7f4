//! How synchronous code connects to a server.

use std::time::{Duration, Instant};

use redis::{ConnectionAddr, ConnectionInfo, RedisResult};

use super::credentials::Credentials;
use super::deadline::Deadline;
use super::settings::Settings;
use super::share::share;
use super::source::{client, nowhere};

/// Connects to the first of them that lets it, and says which. Each has its share of the time that is left until then: one that stands still leaves
/// some for the next.
pub(super) fn connect_to_first<T>(
    servers: Vec<ConnectionInfo>,
    deadline: Deadline,
    mut connect: impl FnMut(ConnectionInfo, Duration) -> RedisResult<T>,
) -> RedisResult<(T, ConnectionAddr)> {
    let mut failure = None;
    let mut servers = servers.into_iter();
    while let Some(server) = servers.next() {
        let address = server.addr().clone();
        let left = deadline.left()?.unwrap_or(Duration::MAX);
        // Zero would be no limit.
        let limit = share(left, servers.len() + 1).max(Duration::from_millis(1));
        match connect(server, limit) {
            Ok(connection) => return Ok((connection, address)),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(nowhere))
}

/// The same for subscriptions, over a connection of redis-rs's.
pub(super) fn connect_to_any(
    servers: Vec<ConnectionInfo>,
    settings: &Settings,
    deadline: Deadline,
) -> RedisResult<(redis::Connection, ConnectionAddr)> {
    let asked = settings.ask_blocking()?;
    connect_to_first(servers, deadline, |server, limit| {
        connect(server, settings, asked.get(), limit)
    })
}

/// Redis-rs limits each step by the connect timeout, not the whole: one that fails for a server which stands still is the last.
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
