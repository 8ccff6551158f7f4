//! Commands of hedges, which travel over another connection than those of the first attempt.

use std::slice;

use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};

use crate::command::commands_of::commands_of;
use crate::command::together;
use crate::command::{self, Effect, args};
use crate::events::Loss;
use crate::raw::RawConnection;
use crate::raw::disconnect_policy::cause_of_end;
use crate::server::multiplexed::{ServerConnection, told};
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::__seam::hedge;

/// A connection that the first attempt does not use.
struct Other {
    raw: RawConnection,
    /// It is one of those that all calls share.
    is_shared: bool,
}

impl ServerConnection {
    pub(crate) async fn send_beside(&mut self, command: &Cmd) -> RedisResult<Value> {
        let mut other = self.other().await?;
        let answer = other.raw.send(command).await;
        let effect = || command::effect(args(command));
        let reply = self.end_beside(&other, answer, slice::from_ref, effect)?;
        self.manager.endpoint.peer().judged(reply)
    }

    pub(crate) async fn send_all_beside(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut other = self.other().await?;
        let answer = other.raw.send_all(pipeline, offset, count).await;
        let effect = || together::effect(commands_of(pipeline));
        self.end_beside(&other, answer, Vec::as_slice, effect)
    }

    /// Another one of those there are, or else the one that is there for hedges.
    async fn other(&self) -> RedisResult<Other> {
        Ok(match self.generation.other_than(hedge::avoided()) {
            Some(raw) => Other {
                raw,
                is_shared: true,
            },
            None => Other {
                raw: self.manager.beside(&self.generation).await?,
                is_shared: false,
            },
        })
    }

    /// What has become of the connection for hedges says nothing about the others, but what the server says about itself does.
    fn end_beside<T>(
        &self,
        other: &Other,
        answer: RedisResult<T>,
        replies: impl Fn(&T) -> &[Value],
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        let peer = self.manager.endpoint.peer();
        let address = self.generation.leads_to();
        let is_lost = self.manager.ends(&answer, &replies, || address);
        if is_lost && other.is_shared || peer.is_left_after(&answer, &replies) {
            let cause = || cause_of_end(peer, &answer, &replies);
            self.generation
                .lose(&self.manager.settings, Loss::Gone, cause);
        } else if is_lost || answer.as_ref().is_err_and(RedisError::is_timeout) {
            self.generation.beside.forget(other.raw.number());
        } else {
            other.raw.heard(now_ms());
        }
        answer.map_err(|error| told(&self.manager, address, error, effect))
    }
}
