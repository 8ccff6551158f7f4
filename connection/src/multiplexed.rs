//! The connection that callers hold.

use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{Cmd, ConnectionAddr, Pipeline, RedisFuture, RedisResult, Value};

use super::command::args;
#[cfg(feature = "cluster")]
use crate::cluster::connection::ClusterConnection;
use crate::command::commands_of::commands_of;
use crate::command::connection_state::{Bound, bound};
use crate::command::groups::{all_of, sizes, tell};
use crate::command::refusals;
use crate::manager::Manager;
#[cfg(feature = "cluster")]
use crate::manager::nodes::Nodes;
use crate::server::multiplexed::ServerConnection;
use crate::switching::Switching;
use crate::switching::follows::{Follows, wrote_elsewhere};

/// A connection that reconnects: after a failure the next command goes over a new connection.
///
/// Clones are cheap and share the connections. It can be used wherever redis-rs takes an asynchronous connection: typed commands, pipelines,
/// transactions, scripts.
///
/// * A command that gets no answer within [`response_timeout`](crate::connector::builder::ConnectorBuilder::response_timeout) fails. Commands that block in the server
///   (`BLPOP`, `XREAD BLOCK`, `WAIT` …) get their own timeout on top, fail early if the server is gone, and have their own connections, whose number is
///   [limited](crate::connector::builder::ConnectorBuilder::waiting_connections).
/// * If it is unknown whether a failed command was executed, and executing it twice would change the result (`INCR`, `LPUSH`, scripts) or the reply
///   (`SADD`, `DEL`, `SET … NX`), the failure has the class [`NotIdempotent`](redis_resilient_runtime::Class::NotIdempotent). Annotated functions do not retry
///   those; [`repeat_same_state`](crate::connector::builder::ConnectorBuilder::repeat_same_state) lets them retry where only the reply changes.
/// * If the connection has been silent for 10 ms or longer, a `PING` is sent before such a command. So a connection that the server has closed
///   meanwhile is replaced before the command is sent.
/// * Commands that change their connection (`WATCH`, `SELECT`, `MULTI` by hand, `CLIENT TRACKING` …) are refused, because others share it: use
///   [`Connector::dedicated`](crate::connector::Connector::dedicated). `WAIT` and `WAITAOF` wait for all earlier writes to the server.
/// * In a cluster it follows `MOVED` and `ASK`; of a pipeline it sends on only what was refused.
/// * Of [several databases](crate::connector::Connector::failover) it goes to the present one, with each command.
/// * Dropping the future of a command does not stop the command in the server.
#[derive(Clone, Debug)]
pub struct Connection {
    to: To,
    database: i64,
    /// Where there are several databases.
    follows: Option<Follows>,
}

#[derive(Clone, Debug)]
enum To {
    Server(ServerConnection),
    #[cfg(feature = "cluster")]
    Cluster(ClusterConnection),
}

impl Connection {
    pub(crate) async fn new(manager: &Arc<Manager>) -> RedisResult<Self> {
        let generation = manager.generation().await?;
        let database = manager.endpoint.database();
        #[cfg(feature = "cluster")]
        if let Some(nodes) = &manager.nodes {
            let to = To::Cluster(ClusterConnection::new(nodes.clone()));
            return Ok(Self::to(to, database));
        }
        let to = To::Server(ServerConnection::new(manager.clone(), generation));
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
    pub(crate) async fn following(switching: &Arc<Switching>) -> RedisResult<Self> {
        loop {
            let follows = Follows::new(switching.clone());
            let connect = Self::new(follows.manager());
            // Nobody waits for a database that commands do not go to any more.
            if let Some(connected) = follows.unless_moved(connect).await {
                let mut connection = connected?;
                connection.follows = Some(follows);
                return Ok(connection);
            }
        }
    }

    /// Goes to the database that commands go to now. Whether that is another one.
    async fn follow(&mut self) -> RedisResult<bool> {
        let Some(follows) = self.follows.as_ref().and_then(Follows::moved_to) else {
            return Ok(false);
        };
        *self = Self::following(follows.switching()).await?;
        Ok(true)
    }

    fn saw<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        match &self.follows {
            Some(follows) => follows.saw(answer),
            None => answer,
        }
    }

    async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        if let Some(bound) = bound(args(command)) {
            return Box::pin(self.send_bound(command, bound)).await;
        }
        match &mut self.to {
            To::Server(server) => server.send(command).await,
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => Box::pin(cluster.send(command)).await,
        }
    }

    async fn send_following(&mut self, command: &Cmd) -> RedisResult<Value> {
        if self.follow().await? && bound(args(command)) == Some(Bound::Wait) {
            return Err(wrote_elsewhere());
        }
        let answer = self.send(command).await;
        self.saw(answer)
    }

    async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        match &mut self.to {
            To::Server(server) => server.send_all(pipeline, offset, count).await,
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => Box::pin(cluster.send_all(pipeline, offset, count)).await,
        }
    }

    async fn send_all_following(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.follow().await?;
        let answer = self.send_all(pipeline, offset, count).await;
        self.saw(answer)
    }

    /// Where the last reply came from, if it all leads to one server.
    pub(crate) fn address(&self) -> Option<&ConnectionAddr> {
        match &self.to {
            To::Server(server) => server.generation.leads_to(),
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

    /// Sends groups of commands that have nothing to do with each other, each of one key, in one round trip; in a cluster one to each server. Those
    /// that are answered are told by their place, with what the server says; of the others the error says why.
    #[doc(hidden)]
    pub async fn send_each(
        &mut self,
        groups: &[Vec<Cmd>],
        answered: &mut impl FnMut(usize, Vec<Value>),
    ) -> RedisResult<()> {
        if self.follows.is_some() {
            Box::pin(self.follow()).await?;
        }
        let answer = match &mut self.to {
            To::Server(server) => {
                let pipeline = all_of(groups);
                let replies = server.send_all(&pipeline, 0, pipeline.len()).await;
                replies.map(|replies| tell(sizes(groups), replies, answered))
            }
            #[cfg(feature = "cluster")]
            To::Cluster(cluster) => Box::pin(cluster.send_each(groups, answered)).await,
        };
        self.saw(answer)
    }

    /// Sends what belongs to a connection, if it can be sent over one that is shared.
    async fn send_bound(&mut self, command: &Cmd, bound: Bound) -> RedisResult<Value> {
        match (bound, &mut self.to) {
            (Bound::Wait, To::Server(server)) => server.wait(command).await,
            (Bound::Stream, _) => Err(refusals::stream(args(command))),
            _ => Err(refusals::shared(args(command))),
        }
    }
}

/// Whether a pipeline has nothing in it that changes the connection. `WAIT` behind a write goes with it.
fn may_be_shared(pipeline: &Pipeline) -> RedisResult<()> {
    for (place, command) in commands_of(pipeline).enumerate() {
        match bound(command.clone()) {
            None => {}
            Some(Bound::Wait) if place > 0 => {}
            Some(Bound::Stream) => return Err(refusals::stream(command)),
            Some(Bound::Own | Bound::Wait) => return Err(refusals::shared(command)),
        }
    }
    Ok(())
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        if self.follows.is_some() {
            return Box::pin(self.send_following(command));
        }
        Box::pin(self.send(command))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            may_be_shared(pipeline)?;
            if self.follows.is_some() {
                return Box::pin(self.send_all_following(pipeline, offset, count)).await;
            }
            self.send_all(pipeline, offset, count).await
        })
    }

    fn get_db(&self) -> i64 {
        self.database
    }
}
