//! What it takes to wait for the replicas over another connection than that of the writes.

use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult};

use crate::raw::RawConnection;

/// Nobody listens there. A server hands it on to its replicas as it does a write.
const CHANNEL: &str = "redis-resilient:wait";

/// The command, after something that its connection has written.
pub(crate) fn marked(command: &Cmd) -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.publish(CHANNEL, "").add_command(command.clone());
    pipeline
}

/// Which process a connection leads to: behind one address there may be another one by now.
pub(crate) async fn process(raw: &mut RawConnection) -> RedisResult<String> {
    let reply = raw.send(redis::cmd("INFO").arg("server")).await?;
    let text: String = redis::from_redis_value(reply.extract_error()?)?;
    let id = text.lines().find_map(|line| line.strip_prefix("run_id:"));
    id.map(str::to_owned).ok_or_else(unmarked)
}

pub(crate) fn moved() -> RedisError {
    (
        ErrorKind::Client,
        "another server is behind this address now: what was written before cannot be waited for. To write and wait on one connection, use \
         Connector::dedicated()",
    )
        .into()
}

pub(crate) fn unmarked() -> RedisError {
    let channel = CHANNEL.to_owned();
    (
        ErrorKind::Client,
        "WAIT on a shared connection needs INFO and PUBLISH, which the server refuses. Use Connector::dedicated() for the write and the WAIT; \
         the channel is",
        channel,
    )
        .into()
}
