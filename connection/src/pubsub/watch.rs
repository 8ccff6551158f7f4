//! Whether messages can still come: the connection, the server, and its cluster are looked at again and again.

use std::io;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ConnectionInfo, RedisError, RedisResult, Value};
use tokio::time::{sleep, timeout};

use super::hub::Link;
use super::membership::{Members, left};
use crate::manager::Manager;
use crate::raw::disconnect_policy::Peer;
use crate::settings::client::{client, config};
use crate::settings::credentials::Renewal;

/// A connection is not tried more often than this, whatever the settings say.
const SHORTEST_CHECK: Duration = Duration::from_millis(10);
/// After so many checks another server is asked about this one: the two may have left the cluster together.
const CHECKS_OF_ONE: u32 = 5;

/// Returns what is wrong with the connection, as soon as something is.
pub(crate) async fn watch(
    manager: &Manager,
    connection: &mut MultiplexedConnection,
    server: &ConnectionInfo,
    known: &mut Vec<ConnectionInfo>,
    renewal: &mut Renewal,
    link: &Link,
) -> RedisError {
    let settings = &manager.settings;
    let is_cluster = manager.endpoint.is_cluster();
    let question = if is_cluster {
        nodes()
    } else {
        redis::cmd("PING")
    };
    let mut other = None;
    loop {
        sleep(settings.health_check_after().max(SHORTEST_CHECK)).await;
        if let Some(Ok(now)) = manager
            .endpoint
            .moved_to(settings, Some(server.addr()))
            .await
            && now != *server.addr()
        {
            return moved();
        }
        settings
            .renew_subscriber(connection, renewal, server.addr())
            .await;
        let heard = link.heard();
        let answer = question.query_async::<Value>(connection);
        // Any answer will do, and so will a message: the answer may wait behind more of them.
        let answer = match timeout(settings.response_timeout(), answer).await {
            Ok(Err(error)) if Peer::Server.is_ended_by(&error) => return error,
            Err(_) if link.heard() == heard => return silent(settings.response_timeout()),
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => continue,
        };
        if !is_cluster {
            continue;
        }
        let Some(members) = Members::read(answer, server) else {
            continue;
        };
        if let Err(error) = members.include_the_one_asked() {
            return error;
        }
        *known = members.others_than_the_one_asked(server);
        let asked = ask_another(manager, &mut other, &members, known);
        // One that is not there says nothing.
        let answer = timeout(settings.response_timeout(), asked).await;
        match answer {
            Ok(Some(others)) if !others.know(&members) => return left(),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => other = None,
        }
    }
}

/// Another server of the cluster, and how often it may still be asked.
struct Other {
    connection: MultiplexedConnection,
    server: ConnectionInfo,
    checks: u32,
}

/// The servers of the cluster, as another of them sees it.
async fn ask_another(
    manager: &Manager,
    other: &mut Option<Other>,
    members: &Members,
    known: &[ConnectionInfo],
) -> Option<Members> {
    let is_of_use = |other: &Other| other.checks > 0 && members.have(other.server.addr());
    if !other.as_ref().is_some_and(is_of_use) {
        *other = None;
        let server = fastrand::choice(known)?.clone();
        let settings = &manager.settings;
        let asked = settings.ask().await.ok()?;
        let client = client(server.clone(), settings, asked.get()).ok()?;
        let config = config(settings);
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        *other = Some(Other {
            connection: connection.await.ok()?,
            server,
            checks: CHECKS_OF_ONE,
        });
    }
    let other = other.as_mut()?;
    other.checks -= 1;
    let seen = self::members(&mut other.connection, &other.server).await;
    seen.ok()?
}

/// The servers of the cluster, as this one sees it; `None` if it does not say.
pub(crate) async fn members(
    connection: &mut MultiplexedConnection,
    server: &ConnectionInfo,
) -> RedisResult<Option<Members>> {
    match nodes().query_async::<Value>(connection).await {
        Ok(answer) => Ok(Members::read(answer, server)),
        Err(error) if error.is_io_error() => Err(error),
        // It may not be allowed.
        Err(_) => Ok(None),
    }
}

fn nodes() -> Cmd {
    let mut nodes = redis::cmd("CLUSTER");
    nodes.arg("NODES");
    nodes
}

pub(crate) fn silent(limit: Duration) -> RedisError {
    let text = format!("the server has not answered a subscriber within {limit:?}");
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

pub(crate) fn closed() -> RedisError {
    let text = "the connection of a subscription was closed";
    io::Error::new(io::ErrorKind::UnexpectedEof, text).into()
}

fn moved() -> RedisError {
    let text = "another server is the primary now";
    io::Error::new(io::ErrorKind::NotConnected, text).into()
}
