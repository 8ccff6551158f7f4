//! One connection of redis-rs, to a server or to a cluster.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "cluster")]
use redis::aio::ConnectionLike as _;
use redis::aio::MultiplexedConnection;
#[cfg(feature = "cluster")]
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, ConnectionLike, Pipeline, RedisResult, Value};

#[derive(Clone)]
pub(super) enum Wire {
    Server(MultiplexedConnection),
    #[cfg(feature = "cluster")]
    Cluster(ClusterConnection),
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    pub(super) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Server(server) => server.send_packed_command(command).await,
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => cluster.req_packed_command(command).await,
        }
    }

    pub(super) async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Self::Server(server) => server.send_packed_commands(pipeline, offset, count).await,
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count).await,
        }
    }
}

/// The same for synchronous code.
pub(super) enum BlockingWire {
    Server(redis::Connection),
    #[cfg(feature = "cluster")]
    Cluster(Box<redis::cluster::ClusterConnection>),
}

impl BlockingWire {
    /// `None`: an answer may take as long as it likes.
    pub(super) fn set_timeouts(&self, limit: Option<Duration>) -> RedisResult<()> {
        match self {
            Self::Server(server) => {
                server.set_read_timeout(limit)?;
                server.set_write_timeout(limit)
            }
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => {
                cluster.set_read_timeout(limit)?;
                cluster.set_write_timeout(limit)
            }
        }
    }

    fn connection(&mut self) -> &mut dyn ConnectionLike {
        match self {
            Self::Server(server) => server,
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => &mut **cluster,
        }
    }

    pub(super) fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.connection().req_command(command)
    }

    pub(super) fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.connection().req_packed_command(command)
    }

    pub(super) fn req_packed_commands(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        match self {
            // A transaction that was refused has an error that only redis-rs can make.
            Self::Server(server) if offset == 0 => replies(server, pipeline, count),
            Self::Server(server) => server.req_packed_commands(pipeline, offset, count),
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Server(server) => server.is_open(),
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => cluster.is_open(),
        }
    }
}

/// The replies to a pipeline, until the server is lost: redis-rs goes on to wait for each of them, as long as for one.
fn replies(
    server: &mut redis::Connection,
    pipeline: &[u8],
    count: usize,
) -> RedisResult<Vec<Value>> {
    server.send_packed_command(pipeline)?;
    let (mut replies, mut failed) = (Vec::new(), None);
    let mut read = 0;
    while read < count {
        match server.recv_response() {
            Ok(Value::Push { .. }) => continue,
            Ok(reply) => replies.push(reply),
            Err(error) if error.is_io_error() => return Err(error),
            // The others have to be read, or the next command would get them.
            Err(error) => failed = failed.or(Some(error)),
        }
        read += 1;
    }
    failed.map_or(Ok(replies), Err)
}
