//! The connection that callers hold.

use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, RedisResult, Value};

use super::command::args;
use crate::command::commands_of::commands_of;
use crate::command::connection_state::{Bound, bound};
use crate::command::refusals;
use crate::manager::Manager;
#[cfg(feature = "cluster")]
use crate::manager::nodes::ClusterConnection;
use crate::server::multiplexed::ServerConnection;

/// A connection that comes back: when what it stands on has failed, the next command goes over a new one.
///
/// Clones are cheap and share what is connected. It goes wherever redis-rs takes an asynchronous connection: typed commands, pipelines,
/// transactions, scripts.
///
/// * A command that gets no answer within [`response_timeout`](crate::connector::builder::ConnectorBuilder::response_timeout) fails. Those that wait in the server
///   (`BLPOP`, `XREAD BLOCK`, `WAIT` and their like) may take as much longer as they say themselves, unless the server is gone meanwhile, and have a
///   connection of their own, of which there are [a limited number](crate::connector::builder::ConnectorBuilder::waiting_connections).
/// * A failure of which nobody knows whether the command was executed has the class [`NotIdempotent`](redis_resilient_runtime::Class::NotIdempotent) where executing
///   it twice would not be the same (`INCR`, `LPUSH`, scripts), or would be answered as if somebody else had been first (`SADD`, `DEL`,
///   `SET … NX`). An annotated function does not retry those by itself;
///   [`repeat_same_state`](crate::connector::builder::ConnectorBuilder::repeat_same_state) lets it retry the latter.
/// * Where nothing has been heard for 10 ms or longer, such a command goes out after a `PING`: a connection that the server has closed meanwhile
///   is left, and the command was never sent over it.
/// * Commands that change their connection (`WATCH`, `SELECT`, `MULTI` by hand, `CLIENT TRACKING` …) are refused, for others share it:
///   [`Connector::dedicated`](crate::connector::Connector::dedicated) has one for them. `WAIT` and `WAITAOF` are for all that was written before to the
///   server.
/// * In a cluster it follows `MOVED` and `ASK`; of a pipeline it sends on only what was refused.
/// * Dropping the future of a command does not stop the command in the server.
#[derive(Clone, Debug)]
pub struct Connection {
    to: To,
    database: i64,
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
            return Ok(Self { to, database });
        }
        let to = To::Server(ServerConnection::new(manager.clone(), generation));
        Ok(Self { to, database })
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
        Box::pin(async move {
            if let Some(bound) = bound(args(command)) {
                return Box::pin(self.send_bound(command, bound)).await;
            }
            match &mut self.to {
                To::Server(server) => server.send(command).await,
                #[cfg(feature = "cluster")]
                To::Cluster(cluster) => Box::pin(cluster.send(command)).await,
            }
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            may_be_shared(pipeline)?;
            match &mut self.to {
                To::Server(server) => server.send_all(pipeline, offset, count).await,
                #[cfg(feature = "cluster")]
                To::Cluster(cluster) => Box::pin(cluster.send_all(pipeline, offset, count)).await,
            }
        })
    }

    fn get_db(&self) -> i64 {
        self.database
    }
}
