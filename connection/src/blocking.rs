//! Connections for synchronous code: each caller has one of its own while it holds it.

use std::sync::Arc;

use redis::{Cmd, ConnectionAddr, ConnectionLike, RedisResult, Value};

#[cfg(feature = "cluster")]
use crate::cluster::blocking::BlockingClusterConnection;
use crate::command::groups::{all_of, sizes, tell};
use crate::manager::Manager;
#[cfg(feature = "cluster")]
use crate::manager::nodes::Nodes;
use crate::server::blocking::{BlockingServerConnection, lost};
use crate::switching::Switching;
use crate::switching::follows::Follows;

/// A blocking connection that reconnects: after a failure the next command goes over a new connection.
///
/// It can be used wherever redis-rs takes a blocking connection, and works as [`Connection`](crate::multiplexed::Connection) does, for one caller at a
/// time. When it is dropped, the next [`get_blocking`](crate::connector::Connector::get_blocking) reuses it.
///
/// * While it has state (watched keys, a transaction, another database), it is not exchanged for a new one. If it is lost then, every command fails
///   with the class [`Unreachable`](redis_resilient_runtime::Class::Unreachable), and the caller has to start over. Only `EXEC` replies nil, as when a watched key has
///   changed, because nothing was executed; so [`redis::transaction`] starts over by itself. A connection with state is never reused.
/// * `WAIT` waits for what was written over the same connection: use one `BlockingConnection` for both.
/// * The response timeout limits a whole reply, even if it arrives byte by byte, and all replies of a pipeline together.
/// * If the server sends anything but one reply for each command, the connection is closed, so that no caller gets another's reply.
/// * While a command blocks in the server, such as `BLPOP`, the server is checked over another connection after each
///   [`health_check_after`](crate::connector::builder::ConnectorBuilder::health_check_after), and Sentinels are asked whether it is still the primary. If it is gone, the
///   command fails as if its reply were lost.
/// * Over TLS a connection has its own thread.
#[derive(Debug)]
pub struct BlockingConnection {
    to: To,
    database: i64,
    /// Where there are several databases.
    follows: Option<Follows>,
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
            return Ok(Self::to(to, database));
        }
        let to = To::Server(BlockingServerConnection::new(manager)?);
        Ok(Self::to(to, database))
    }

    const fn to(to: To, database: i64) -> Self {
        Self {
            to,
            database,
            follows: None,
        }
    }

    /// One that goes to the present database, whichever that is.
    pub(crate) fn following(switching: &Arc<Switching>) -> RedisResult<Self> {
        let follows = Follows::new(switching.clone());
        let mut connection = follows.saw(Self::new(follows.manager().clone()))?;
        connection.follows = Some(follows);
        Ok(connection)
    }

    /// Goes to the database that commands go to now. What its holder has made of the connection is lost by that, and he is told with the next command.
    fn follow(&mut self) -> RedisResult<()> {
        let Some(follows) = self.follows.as_ref().and_then(Follows::moved_to) else {
            return Ok(());
        };
        let manager = follows.manager();
        let had_state = match &mut self.to {
            To::Server(server) if !manager.endpoint.is_cluster() => {
                manager.is_listed();
                self.database = manager.endpoint.database();
                server.moves_to(manager.clone());
                self.follows = Some(follows);
                return Ok(());
            }
            To::Server(server) => server.has_state(),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.has_state(),
        };
        let connected = follows.saw(Self::new(manager.clone()))?;
        *self = Self {
            follows: Some(follows),
            ..connected
        };
        if had_state { Err(lost()) } else { Ok(()) }
    }

    fn saw<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        match &self.follows {
            Some(follows) => follows.saw(answer),
            None => answer,
        }
    }

    /// Where the last reply came from, if it all leads to one server.
    pub(crate) fn address(&self) -> Option<&ConnectionAddr> {
        match &self.to {
            To::Server(server) => server.address(),
            #[cfg(feature = "cluster")]
            To::Cluster(_) => None,
        }
    }

    #[cfg(feature = "cluster")]
    pub(crate) const fn nodes(&self) -> Option<&Arc<Nodes>> {
        match &self.to {
            To::Server(_) => None,
            To::Cluster(cluster) => Some(cluster.nodes()),
        }
    }

    /// As [`Connection::send_each`](crate::multiplexed::Connection::send_each); in a cluster one server after the other.
    #[doc(hidden)]
    pub fn send_each(
        &mut self,
        groups: &[Vec<Cmd>],
        answered: &mut impl FnMut(usize, Vec<Value>),
    ) -> RedisResult<()> {
        self.follow()?;
        let answer = match &mut self.to {
            To::Server(server) => {
                let pipeline = all_of(groups);
                let packed = pipeline.get_packed_pipeline();
                let replies = server.send_all(&packed, 0, pipeline.len());
                replies.map(|replies| tell(sizes(groups), replies, answered))
            }
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.send_each(groups, answered),
        };
        self.saw(answer)
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
        self.follow()?;
        let answer = match &mut self.to {
            To::Server(server) => server.send_packed(command),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.send(command),
        };
        self.saw(answer)
    }

    fn req_packed_commands(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.follow()?;
        let answer = match &mut self.to {
            To::Server(server) => server.send_all(pipeline, offset, count),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.send_all(pipeline, offset, count),
        };
        self.saw(answer)
    }

    fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.follow()?;
        let answer = match &mut self.to {
            To::Server(server) => server.send(command),
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => cluster.send(&command.get_packed_command()),
        };
        self.saw(answer)
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
