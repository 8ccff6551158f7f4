//! Commands that wait in the server, each over a connection of its own: they would hold up all others.

use std::slice;

use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};

use super::command::{self, Effect, args};
use super::commands_of::commands_of;
use super::ending::cause_of_end;
use super::events::Loss;
use super::server_connection::{ServerConnection, nothing, told};
use super::spares::{Held, Spare};
use super::wait_time::WaitTime;
use super::wire::within;
use super::{replication, together};
use redis_resilient_runtime::__seam::clock::now_ms;

impl ServerConnection {
    /// Sends `WAIT` or `WAITAOF`: for what has been written over this connection, or any other to this server, before.
    ///
    /// It would hold up all who share the connection, so it goes over another one. There it would say yes at once, for nothing was written
    /// over that; so something is written first, which every server hands on to its replicas and nobody keeps.
    pub(super) async fn wait(&mut self, command: &Cmd) -> RedisResult<Value> {
        if !self.is_ready(now_ms()) {
            self.renew().await?;
        }
        let mut held = self.keeper.hold_spare(&self.live).await?;
        let Spare { wire, address } = &mut held.spare;
        let mut shared = self.live.wire().ok_or_else(nothing)?;
        let answer_limit = Some(self.keeper.settings.response_timeout);
        let process = replication::process(&mut shared).await?;
        if process != within(answer_limit, replication::process(wire)).await? {
            return Err(replication::moved());
        }
        let marked = replication::marked(command);
        let wait = WaitTime::of(args(command));
        let answer = wire.send_all(&marked, 0, 2);
        let answer = self
            .keeper
            .wait_for_answer(address.as_ref(), wait, answer)
            .await;
        let mut replies = self.end_waiting(held, answer, Vec::as_slice, || Effect::Read)?;
        let reply = replies.pop().unwrap_or(Value::Nil);
        if let Some(Value::ServerError(_)) = replies.first() {
            return Err(replication::unmarked());
        }
        Ok(reply)
    }

    pub(super) async fn send_waiting(&mut self, command: &Cmd) -> RedisResult<Value> {
        let mut held = self.keeper.hold_spare(&self.live).await?;
        let Spare { wire, address } = &mut held.spare;
        let wait = WaitTime::of(args(command));
        let answer = wire.send(command);
        let answer = self
            .keeper
            .wait_for_answer(address.as_ref(), wait, answer)
            .await;
        let reply = self.end_waiting(held, answer, slice::from_ref, || {
            command::effect(args(command))
        })?;
        self.keeper.source.peer().judged(reply)
    }

    pub(super) async fn send_all_waiting(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut held = self.keeper.hold_spare(&self.live).await?;
        let Spare { wire, address } = &mut held.spare;
        let commands = || commands_of(pipeline);
        let wait = WaitTime::of_all(commands());
        let answer = wire.send_all(pipeline, offset, count);
        let answer = self
            .keeper
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
            .and_then(|_| held.spare.address.clone());
        let peer = self.keeper.source.peer();
        if peer.is_left_after(&answer, &replies) {
            let cause = || cause_of_end(peer, &answer, &replies);
            self.live.lose(&self.keeper.settings, Loss::Gone, cause);
        } else if answer.is_ok() && !self.keeper.ends(&answer, &replies) {
            held.put_back(&self.live);
        } else if answer.as_ref().is_err_and(RedisError::is_io_error) {
            // Those that are idle may be lost with it, and are not tried one by one.
            self.live.idle.clear();
        }
        answer.map_err(|error| told(&self.keeper, address.as_ref(), error, effect))
    }
}
