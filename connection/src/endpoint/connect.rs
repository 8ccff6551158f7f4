//! How one of several servers is connected to.

use std::future::Future;
use std::time::{Duration, Instant};

use redis::{ConnectionAddr, ConnectionInfo, RedisResult};
use tokio::time::timeout;

use super::share::share;
use crate::deadline::Deadline;
use crate::endpoint::{client, no_connection, nowhere};
use crate::manager::not_sent;
use crate::raw::origin::at;
use crate::settings::Settings;
use crate::settings::credentials::Credentials;

/// Connects to the first of them that lets it. Each has its share of the time that is left until then, and no longer than the `longest`: one that
/// stands still leaves some for the next.
pub(crate) async fn connect_to_first<T, C>(
    servers: Vec<ConnectionInfo>,
    deadline: Deadline,
    longest: Duration,
    connect: impl Fn(ConnectionInfo) -> C,
) -> RedisResult<T>
where
    C: Future<Output = RedisResult<T>>,
{
    let mut failure = None;
    let mut servers = servers.into_iter();
    while let Some(server) = servers.next() {
        let left = deadline.left().ok().flatten().unwrap_or_default();
        let limit = share(left, servers.len() + 1).min(longest);
        let address = server.addr().clone();
        let error = match timeout(limit, connect(server)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) if !error.is_timeout() => error,
            Ok(Err(_)) | Err(_) => no_connection(longest),
        };
        failure = Some(at(Some(&address), not_sent(error)));
    }
    Err(failure.unwrap_or_else(nowhere))
}

/// The same for synchronous code, and which it is.
pub(crate) fn connect_to_first_blocking<T>(
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
            Err(error) => failure = Some(at(Some(&address), not_sent(error))),
        }
    }
    Err(failure.unwrap_or_else(nowhere))
}

/// The same for synchronous subscriptions, over a connection of redis-rs's.
pub(crate) fn connect_to_any(
    servers: Vec<ConnectionInfo>,
    settings: &Settings,
    deadline: Deadline,
) -> RedisResult<(redis::Connection, ConnectionAddr)> {
    let asked = settings.ask_blocking()?;
    connect_to_first_blocking(servers, deadline, |server, limit| {
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
