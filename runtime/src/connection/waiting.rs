//! Commands that wait in the server, each over a connection of its own: they would hold up all others.

use std::slice;
use std::time::Duration;

use redis::{Cmd, Pipeline, RedisResult, Value};

use super::command::{self, Effect, args};
use super::server_connection::{ServerConnection, nothing, told};
use super::wait_time::WaitTime;
use super::wire::{Wire, within};
use super::{replication, together};
use crate::clock::now_ms;

impl ServerConnection {
    /// Sends `WAIT` or `WAITAOF`: for what has been written over this connection, or any other to this server, before.
    ///
    /// It would hold up all who share the connection, so it goes over another one. There it would say yes at once, for nothing was written
    /// over that; so something is written first, which every server hands on to its replicas and nobody keeps.
    pub(super) async fn wait(&mut self, command: &Cmd) -> RedisResult<Value> {
        if !self.is_ready(now_ms()) {
            self.renew().await?;
        }
        let mut spare = self.spare().await?;
        let mut wire = self.live.wire().ok_or_else(nothing)?;
        if replication::process(&mut wire).await? != replication::process(&mut spare).await? {
            return Err(replication::moved());
        }
        let marked = replication::marked(command);
        let limit = self.limit(WaitTime::of(args(command)));
        let answer = within(limit, spare.send_all(&marked, 0, 2)).await;
        let mut replies = answer.map_err(|error| told(&self.keeper, error, || Effect::Read))?;
        let reply = replies.pop().unwrap_or(Value::Nil);
        if let Some(Value::ServerError(_)) = replies.first() {
            return Err(replication::unmarked());
        }
        self.put_back(spare);
        Ok(reply)
    }

    /// A connection for a command that waits, by itself.
    async fn spare(&self) -> RedisResult<Wire> {
        while let Some(mut spare) = self.live.idle.take() {
            // Most of what waits must not be executed twice.
            if !spare.is_quiet(now_ms()) {
                return Ok(spare);
            }
            let answer = spare.send(&redis::cmd("PING")).await;
            if self.keeper.source.peer().is_well(&answer) {
                return Ok(spare);
            }
        }
        self.keeper.connect_spare().await
    }

    pub(super) async fn send_waiting(&mut self, command: &Cmd) -> RedisResult<Value> {
        let mut spare = self.spare().await?;
        let limit = self.limit(WaitTime::of(args(command)));
        let answer = within(limit, spare.send(command)).await;
        let reply = self.end_waiting(spare, answer, slice::from_ref, || {
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
        let mut spare = self.spare().await?;
        let commands = || pipeline.cmd_iter().map(args);
        let limit = self.limit(WaitTime::of_all(commands()));
        let answer = within(limit, spare.send_all(pipeline, offset, count)).await;
        self.end_waiting(
            spare,
            answer,
            Vec::as_slice,
            || together::effect(commands()),
        )
    }

    fn put_back(&self, spare: Wire) {
        spare.heard(now_ms());
        self.live.idle.put_back(spare);
    }

    /// How long the answer may take.
    fn limit(&self, wait: WaitTime) -> Option<Duration> {
        wait.limit(self.keeper.settings.response_timeout)
    }

    fn end_waiting<T>(
        &self,
        spare: Wire,
        answer: RedisResult<T>,
        replies: impl FnOnce(&T) -> &[Value],
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        if self.keeper.ends(&answer, replies) {
            self.live.give_up();
        } else if answer.as_ref().is_ok() {
            self.put_back(spare);
        }
        answer.map_err(|error| told(&self.keeper, error, effect))
    }
}
