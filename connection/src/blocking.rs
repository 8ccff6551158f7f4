//! Connections for synchronous code: each caller has one of its own while it holds it.

use std::sync::Arc;

use redis::{Cmd, ConnectionLike, RedisResult, Value};

#[cfg(feature = "cluster")]
use crate::cluster::blocking::BlockingClusterConnection;
use crate::manager::Manager;
use crate::server::blocking::BlockingServerConnection;

/// A blocking connection that comes back: when what it stands on has failed, the next command goes over a new one.
///
/// It goes wherever redis-rs takes a blocking connection. What is said of [`Connection`](crate::multiplexed::Connection) holds for it too, but that it
/// is for one caller at a time; when it is dropped, the next [`get_blocking`](crate::connector::Connector::get_blocking) has it.
///
/// * It is one and the same connection while its holder has something in it: watched keys, a transaction, another database. If it is lost then,
///   every command fails with the class [`Unreachable`](redis_resilient_runtime::Class::Unreachable) and the holder begins anew; only `EXEC` answers nil, for nothing
///   was executed, as where a watched key has changed. So [`redis::transaction`] goes on by itself. Such a connection goes to nobody else.
/// * `WAIT` is for what was written over the same connection: hold it for both.
/// * The response timeout is for all of an answer, also if it comes byte by byte, and for all of a pipeline's.
/// * What answers with anything but one reply to each command ends the connection: nobody gets another's reply.
/// * A command that waits in the server, such as `BLPOP`, does not wait for one that has gone: each time that
///   [`health_check_after`](crate::connector::builder::ConnectorBuilder::health_check_after) has passed, the server is tried over another connection, and with Sentinels
///   they are asked whether it is still the one. It then fails as where its reply is lost.
/// * Over TLS a connection has a thread of its own.
#[derive(Debug)]
pub struct BlockingConnection {
    to: To,
    database: i64,
}

#[derive(Debug)]
#[cfg_attr(
    feature = "cluster",
    allow(clippy::large_enum_variant, reason = "most have one server")
)]
enum To {
    Server(BlockingServerConnection),
    #[cfg(feature = "cluster")]
    Cluster(BlockingClusterConnection),
}

impl BlockingConnection {
    pub(crate) fn new(manager: Arc<Manager>) -> RedisResult<Self> {
        manager.is_listed();
        let database = manager.endpoint.database();
        #[cfg(feature = "cluster")]
        if let Some(nodes) = &manager.nodes {
            manager.know_cluster(nodes)?;
            let to = To::Cluster(BlockingClusterConnection::new(nodes.clone()));
            return Ok(Self { to, database });
        }
        let to = To::Server(BlockingServerConnection::new(manager)?);
        Ok(Self { to, database })
    }

    /// Sends it over what is held, if anything is, whether or not that still leads anywhere: takes no longer than the response timeout, and
    /// connects to nothing.
    #[doc(hidden)]
    pub fn send_at_once(&mut self, command: &Cmd) {
        match &mut self.to {
            To::Server(server) => server.send_at_once(command),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.send_at_once(command),
        }
    }
}

impl ConnectionLike for BlockingConnection {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        match &mut self.to {
            To::Server(server) => server.send_packed(command),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.send(command),
        }
    }

    fn req_packed_commands(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        match &mut self.to {
            To::Server(server) => server.send_all(pipeline, offset, count),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.send_all(pipeline, offset, count),
        }
    }

    fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        match &mut self.to {
            To::Server(server) => server.send(command),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.send(&command.get_packed_command()),
        }
    }

    fn get_db(&self) -> i64 {
        self.database
    }

    fn check_connection(&mut self) -> bool {
        self.req_command(&redis::cmd("PING")).is_ok()
    }

    fn is_open(&self) -> bool {
        match &self.to {
            To::Server(server) => server.is_open(),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.is_open(),
        }
    }
}
