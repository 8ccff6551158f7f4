//! One connection of redis-rs, to a server or to a cluster.

use std::fmt;
#[cfg(feature = "cluster")]
use std::future::Future;
use std::io;
use std::time::Duration;

#[cfg(feature = "cluster")]
use redis::aio::ConnectionLike as _;
use redis::aio::MultiplexedConnection;
#[cfg(feature = "cluster")]
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, ConnectionLike, Pipeline, RedisError, RedisResult, Value};

/// One whose answers take no longer than they may.
#[derive(Clone)]
pub(super) struct Wire {
    link: Link,
    limit: Duration,
}

#[derive(Clone)]
enum Link {
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
    /// Redis-rs limits the answer by itself. Another timer around it would cost more than all else that is done here.
    pub(super) fn to_server(mut server: MultiplexedConnection, limit: Duration) -> Self {
        server.set_response_timeout(limit);
        let link = Link::Server(server);
        Self { link, limit }
    }

    /// Redis-rs limits the answer, but not what is done before the command is sent.
    #[cfg(feature = "cluster")]
    pub(super) const fn to_cluster(cluster: ClusterConnection, limit: Duration) -> Self {
        let link = Link::Cluster(cluster);
        Self { link, limit }
    }

    pub(super) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        let answer = match &mut self.link {
            Link::Server(server) => server.send_packed_command(command).await,
            #[cfg(feature = "cluster")]
            Link::Cluster(cluster) => {
                limited(self.limit, cluster.req_packed_command(command)).await
            }
        };
        answer.map_err(|error| self.told(error))
    }

    pub(super) async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let answer = match &mut self.link {
            Link::Server(server) => server.send_packed_commands(pipeline, offset, count).await,
            #[cfg(feature = "cluster")]
            Link::Cluster(cluster) => {
                let sent = cluster.req_packed_commands(pipeline, offset, count);
                limited(self.limit, sent).await
            }
        };
        answer.map_err(|error| self.told(error))
    }

    /// A timeout of redis-rs says no more than that. In a cluster it is that of one answer, which is shorter than the limit here.
    fn told(&self, error: RedisError) -> RedisError {
        match self.link {
            Link::Server(_) if error.is_timeout() => no_answer(self.limit),
            Link::Server(_) => error,
            #[cfg(feature = "cluster")]
            Link::Cluster(_) => error,
        }
    }
}

fn no_answer(limit: Duration) -> RedisError {
    let text = format!("no answer within {limit:?}");
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

#[cfg(feature = "cluster")]
async fn limited<T>(limit: Duration, sent: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match tokio::time::timeout(limit, sent).await {
        Ok(answer) => answer,
        Err(_) => Err(no_answer(limit)),
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
