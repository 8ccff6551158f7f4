//! Commands that go to several servers of a cluster at once, over a connection of redis-rs's own, which makes one reply of theirs.

use std::sync::{Arc, PoisonError};

use redis::aio::ConnectionLike as _;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value};

use super::super::command::{self, Effect, args};
use super::super::wire::within;
use super::Nodes;
use crate::Class;
use crate::class::known::known;

impl Nodes {
    pub(super) async fn fan_out(self: &Arc<Self>, command: &Cmd) -> RedisResult<Value> {
        let mut connection = self.fan_out_connection().await?;
        let answer = within(
            Some(self.fan_out_limit()),
            connection.req_packed_command(command),
        )
        .await;
        self.fanned_out(answer, command::effect(args(command)))
    }

    /// A pipeline without any key.
    pub(super) async fn fan_out_all(
        self: &Arc<Self>,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut connection = self.fan_out_connection().await?;
        let sent = connection.req_packed_commands(pipeline, offset, count);
        let answer = within(Some(self.fan_out_limit()), sent).await;
        let effects = pipeline.cmd_iter().map(args).map(command::effect);
        self.fanned_out(answer, command::worst(effects))
    }

    /// Redis-rs limits each answer, but not what comes before: all its commands wait while it looks at the servers anew.
    fn fan_out_limit(&self) -> std::time::Duration {
        self.settings
            .response_timeout
            .saturating_add(self.settings.connect_timeout.saturating_mul(3))
    }

    async fn fan_out_connection(
        self: &Arc<Self>,
    ) -> RedisResult<redis::cluster_async::ClusterConnection> {
        let kept = || self.fan_out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*kept() {
            return Ok(connection.clone());
        }
        let client =
            self.cluster
                .client(self.infos(), &self.settings, self.credentials().as_ref())?;
        let limit = self.settings.connect_timeout.saturating_mul(3);
        let connection = within(Some(limit), client.get_async_connection())
            .await
            .map_err(super::super::keeper::not_sent)?;
        *kept() = Some(connection.clone());
        Ok(connection)
    }

    fn fanned_out<T>(self: &Arc<Self>, answer: RedisResult<T>, effect: Effect) -> RedisResult<T> {
        answer.map_err(|error| {
            *self.fan_out.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.doubted();
            self.look_up_beside();
            told(error, effect)
        })
    }
}

/// What a failure means: some of the servers may have executed their part.
pub(super) fn told(error: RedisError, effect: Effect) -> RedisError {
    // Without retries of its own, redis-rs has sent nothing.
    if error.kind() == ErrorKind::ClusterConnectionNotFound {
        return known(Class::Unreachable, error);
    }
    let class = match Class::of(&error) {
        Class::Unreachable | Class::Misconfigured => return error,
        _ if effect > Effect::Idempotent => Class::Unrepeatable,
        // Somebody else's slot: redis-rs asks the servers anew.
        _ if error.is_cluster_error() => Class::Unavailable,
        _ => return error,
    };
    known(class, error)
}
