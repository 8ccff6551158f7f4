//! Commands that wait in the server, each over a connection of its own: they would hold up all others.

use std::slice;

use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};

use super::replication;
use crate::command::commands_of::commands_of;
use crate::command::together;
use crate::command::wait_time::WaitTime;
use crate::command::{self, Effect, args};
use crate::events::Loss;
use crate::manager::dedicated::{DedicatedRaw, Held};
use crate::raw::disconnect_policy::cause_of_end;
use crate::raw::within;
use crate::server::multiplexed::{ServerConnection, nothing, told};
use redis_resilient_runtime::__seam::clock::now_ms;

impl ServerConnection {
    /// Sends `WAIT` or `WAITAOF`: for what has been written over this connection, or any other to this server, before.
    ///
    /// It would hold up all who share the connection, so it goes over another one. There it would say yes at once, for nothing was written
    /// over that; so something is written first, which every server hands on to its replicas and nobody keeps.
    pub(crate) async fn wait(&mut self, command: &Cmd) -> RedisResult<Value> {
        if !self.is_ready(now_ms()) {
            self.renew().await?;
        }
        let mut held = self.manager.hold_dedicated(&self.generation).await?;
        let DedicatedRaw { raw, address } = &mut held.dedicated;
        let mut shared = self.generation.raw().ok_or_else(nothing)?;
        let answer_limit = Some(self.manager.settings.response_timeout());
        let process = replication::process(&mut shared).await?;
        if process != within(answer_limit, replication::process(raw)).await? {
            return Err(replication::moved());
        }
        let marked = replication::marked(command);
        let wait = WaitTime::of(args(command));
        let answer = raw.send_all(&marked, 0, 2);
        let answer = self
            .manager
            .wait_for_answer(address.as_ref(), wait, answer)
            .await;
        let mut replies = self.end_waiting(held, answer, Vec::as_slice, || Effect::Read)?;
        let reply = replies.pop().unwrap_or(Value::Nil);
        if let Some(Value::ServerError(_)) = replies.first() {
            return Err(replication::unmarked());
        }
        Ok(reply)
    }

    pub(crate) async fn send_waiting(&mut self, command: &Cmd) -> RedisResult<Value> {
        let mut held = self.manager.hold_dedicated(&self.generation).await?;
        let DedicatedRaw { raw, address } = &mut held.dedicated;
        let wait = WaitTime::of(args(command));
        let answer = raw.send(command);
        let answer = self
            .manager
            .wait_for_answer(address.as_ref(), wait, answer)
            .await;
        let reply = self.end_waiting(held, answer, slice::from_ref, || {
            command::effect(args(command))
        })?;
        self.manager.endpoint.peer().judged(reply)
    }

    pub(crate) async fn send_all_waiting(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut held = self.manager.hold_dedicated(&self.generation).await?;
        let DedicatedRaw { raw, address } = &mut held.dedicated;
        let commands = || commands_of(pipeline);
        let wait = WaitTime::of_all(commands());
        let answer = raw.send_all(pipeline, offset, count);
        let answer = self
            .manager
            .wait_for_answer(address.as_ref(), wait, answer)
            .await;
        self.end_waiting(held, answer, Vec::as_slice, || together::effect(commands()))
    }

    /// What has become of this connection says nothing about the shared ones, but what the server says about itself does.
    fn end_waiting<T>(
        &self,
        held: Held,
        answer: RedisResult<T>,
        replies: impl Fn(&T) -> &[Value],
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        let address = answer
            .as_ref()
            .err()
            .and_then(|_| held.dedicated.address.clone());
        let peer = self.manager.endpoint.peer();
        if peer.is_left_after(&answer, &replies) {
            let cause = || cause_of_end(peer, &answer, &replies);
            self.generation
                .lose(&self.manager.settings, Loss::Gone, cause);
        } else if answer.is_ok()
            && !self
                .manager
                .ends(&answer, &replies, || held.dedicated.address.as_ref())
        {
            held.put_back(&self.generation);
        } else if answer.as_ref().is_err_and(RedisError::is_io_error) {
            // Those that are idle may be lost with it, and are not tried one by one.
            self.generation.idle.clear();
        }
        answer.map_err(|error| told(&self.manager, address.as_ref(), error, effect))
    }
}
