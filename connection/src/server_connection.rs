//! An asynchronous connection to one server, which comes back.

use std::io;
use std::slice;
use std::sync::Arc;

use redis::{Cmd, ConnectionAddr, ErrorKind, Pipeline, RedisError, RedisResult, Value};

use super::command::{self, Effect, args};
use super::commands_of::commands_of;
#[cfg(feature = "cluster")]
use super::commands_of::copies_of;
use super::ending::cause_of_end;
use super::events::Loss;
use super::keeper::Keeper;
use super::live::Live;
use super::origin::{at, repeatable_at, tagged_from};
use super::together;
use super::wire::{Wire, no_answer};
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};
use redis_resilient_runtime::Class;

/// What callers hold of the connections to one server. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct ServerConnection {
    pub(super) keeper: Arc<Keeper>,
    pub(super) live: Arc<Live>,
    /// The one of `live` that was used last. `None`: none was.
    wire: Option<Wire>,
}

impl ServerConnection {
    pub(super) const fn new(keeper: Arc<Keeper>, live: Arc<Live>) -> Self {
        Self {
            keeper,
            live,
            wire: None,
        }
    }

    /// Sends one command.
    pub(super) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        // What seldom happens is in boxes: its room is part of each command's future, and moved about with it.
        let now_ms = now_ms();
        if !self.is_ready(now_ms) {
            Box::pin(self.renew()).await?;
        }
        if command::waits(args(command)) {
            return Box::pin(self.send_waiting(command)).await;
        }
        let effect = || command::effect(args(command));
        if self.is_quiet(now_ms) && effect() > self.keeper.settings.repeated {
            Box::pin(self.look()).await?;
        }
        let Self { keeper, live, wire } = self;
        let mut watch = Watch::new(keeper, live, now_ms);
        let wire = wire.as_mut().ok_or_else(nothing)?;
        let answer = wire.send(command).await;
        let reply = watch.end(wire, answer, slice::from_ref, effect)?;
        watch.keeper.source.peer().judged(reply)
    }

    /// Sends all of them together.
    pub(super) async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let commands = || commands_of(pipeline);
        let now_ms = now_ms();
        if !self.is_ready(now_ms) {
            Box::pin(self.renew()).await?;
        }
        if commands().any(command::waits) {
            return Box::pin(self.send_all_waiting(pipeline, offset, count)).await;
        }
        let effect = || together::effect(commands());
        if self.is_quiet(now_ms) && effect() > self.keeper.settings.repeated {
            Box::pin(self.look()).await?;
        }
        let Self { keeper, live, wire } = self;
        let mut watch = Watch::new(keeper, live, now_ms);
        let wire = wire.as_mut().ok_or_else(nothing)?;
        let answer = wire.send_all(pipeline, offset, count).await;
        watch.end(wire, answer, Vec::as_slice, effect)
    }

    /// Sends a command that another server of the cluster has sent here, for this once: the slot is on its way.
    #[cfg(feature = "cluster")]
    pub(super) async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        let mut replies = self.send_part(vec![command.clone()], true).await?;
        Ok(replies.pop().unwrap_or(Value::Nil))
    }

    /// The same of some commands together, each for itself; without `asking` as to the owner of the slot.
    #[cfg(feature = "cluster")]
    pub(super) async fn send_part(
        &mut self,
        commands: Vec<Cmd>,
        asking: bool,
    ) -> RedisResult<Vec<Value>> {
        let mut pipeline = redis::pipe();
        for command in commands {
            if asking {
                pipeline.cmd("ASKING");
            }
            pipeline.add_command(command);
        }
        let count = pipeline.len();
        let replies = self.send_all(&pipeline, 0, count).await?;
        let each = if asking { 2 } else { 1 };
        Ok(replies.into_iter().skip(each - 1).step_by(each).collect())
    }

    /// The same of a transaction.
    #[cfg(feature = "cluster")]
    pub(super) async fn ask_transaction(
        &mut self,
        transaction: &Pipeline,
    ) -> RedisResult<Vec<Value>> {
        // One `ASKING` is for all of it, and has to stand before it.
        let mut pipeline = redis::pipe();
        pipeline.cmd("ASKING").cmd("MULTI");
        for command in copies_of(transaction) {
            pipeline.add_command(command);
        }
        pipeline.cmd("EXEC");
        let count = pipeline.len();
        let replies = self.send_all(&pipeline, 0, count).await?;
        super::transaction::reply(replies)
    }

    pub(super) fn is_ready(&self, now_ms: u64) -> bool {
        !self.live.is_given_up() && !self.keeper.doubts(&self.live, now_ms)
    }

    pub(super) async fn renew(&mut self) -> RedisResult<()> {
        let mut live = self.live.clone();
        // One that belongs to another runtime stands still with that.
        if live.is_given_up() || !live.is_here() {
            live = self.keeper.live().await?;
        }
        if self.keeper.doubts(&live, now_ms()) {
            live = self.keeper.checked(&live).await?;
        }
        if !Arc::ptr_eq(&live, &self.live) {
            (self.live, self.wire) = (live, None);
        }
        Ok(())
    }

    /// Whether the server may have closed the connection that is used next.
    fn is_quiet(&mut self, now_ms: u64) -> bool {
        self.live.next(&mut self.wire);
        self.wire.as_ref().is_some_and(|wire| wire.is_quiet(now_ms))
    }

    /// Looks whether the server is still there, so that nothing is sent into the void that must not be sent twice.
    async fn look(&mut self) -> RedisResult<()> {
        if self.live.is_here() {
            if let Some(wire) = &mut self.wire {
                match wire.answers(self.keeper.source.peer()).await {
                    Ok(()) => {
                        wire.heard(now_ms());
                        return Ok(());
                    }
                    Err(error) => {
                        self.live.lose(&self.keeper.settings, Loss::Unfit, || error);
                    }
                }
            }
            self.live.give_up();
        }
        self.renew().await?;
        self.live.next(&mut self.wire);
        Ok(())
    }
}

pub(super) fn nothing() -> RedisError {
    io::Error::from(io::ErrorKind::NotConnected).into()
}

/// Sees to it that what becomes of a command is known to the connection, even if nobody waits for it any more.
struct Watch<'a> {
    keeper: &'a Arc<Keeper>,
    live: &'a Arc<Live>,
    is_over: bool,
}

impl<'a> Watch<'a> {
    /// A command is sent.
    fn new(keeper: &'a Arc<Keeper>, live: &'a Arc<Live>, now_ms: u64) -> Self {
        live.silence.asked(now_ms);
        Self {
            keeper,
            live,
            is_over: false,
        }
    }

    fn end<T>(
        &mut self,
        wire: &Wire,
        answer: RedisResult<T>,
        replies: impl FnOnce(&T) -> &[Value] + Copy,
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        self.is_over = true;
        if self.keeper.ends(&answer, replies) {
            self.loses(&answer, replies);
        } else if answer.as_ref().is_err_and(RedisError::is_timeout) {
            if self.live.silence.timed_out(self.keeper.patience()) {
                self.loses(&answer, replies);
            }
        } else {
            let now_ms = now_ms();
            self.live.silence.answered(now_ms);
            wire.heard(now_ms);
        }
        answer.map_err(|error| told(self.keeper, self.live.leads_to(), error, effect))
    }

    #[cold]
    fn loses<T>(&self, answer: &RedisResult<T>, replies: impl FnOnce(&T) -> &[Value]) {
        let cause = || cause_of_end(self.keeper.source.peer(), answer, replies);
        self.live.lose(&self.keeper.settings, Loss::Gone, cause);
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let limit = self.keeper.settings.response_timeout;
        if !self.is_over && self.live.silence.left_alone(now_ms(), whole_millis(limit)) {
            let cause = || no_answer(limit);
            self.live.lose(&self.keeper.settings, Loss::Gone, cause);
        }
    }
}

/// The failure of a command that went to the server at this address, with what the command says about it.
pub(super) fn told(
    keeper: &Keeper,
    address: Option<&ConnectionAddr>,
    error: RedisError,
    effect: impl FnOnce() -> Effect,
) -> RedisError {
    let class = Class::of(&error);
    // It has spoken the protocol before: what has become of the command, the spoilt reply does not say.
    let is_spoilt = error.kind() == ErrorKind::Parse && class == Class::Misconfigured;
    if class != Class::Ambiguous && !is_spoilt {
        at(address, error)
    } else if effect() > keeper.settings.repeated {
        tagged_from(Class::NotIdempotent, address, error)
    } else {
        repeatable_at(address, error)
    }
}
