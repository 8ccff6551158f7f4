//! An asynchronous connection to one server, which comes back.

use std::io;
use std::slice;
use std::sync::Arc;

use redis::{Cmd, ConnectionAddr, ErrorKind, Pipeline, RedisError, RedisResult, Value};

use crate::command::commands_of::commands_of;
#[cfg(feature = "cluster")]
use crate::command::commands_of::copies_of;
use crate::command::together;
use crate::command::{self, Effect, args};
use crate::events::Loss;
use crate::manager::Manager;
use crate::manager::generation::Generation;
use crate::raw::disconnect_policy::cause_of_end;
use crate::raw::origin::{at, left, repeatable_at, tagged_from};
use crate::raw::{RawConnection, no_answer};
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};
use redis_resilient_runtime::__seam::hedge;
use redis_resilient_runtime::Class;

/// What callers hold of the connections to one server. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct ServerConnection {
    pub(crate) manager: Arc<Manager>,
    pub(crate) generation: Arc<Generation>,
    /// The one of `live` that was used last. `None`: none was.
    raw: Option<RawConnection>,
}

impl ServerConnection {
    pub(crate) const fn new(manager: Arc<Manager>, generation: Arc<Generation>) -> Self {
        Self {
            manager,
            generation,
            raw: None,
        }
    }

    /// Sends one command.
    pub(crate) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        // What seldom happens is in boxes: its room is part of each command's future, and moved about with it.
        let now_ms = now_ms();
        if !self.is_ready(now_ms) {
            Box::pin(self.renew()).await?;
        }
        if command::waits(args(command)) {
            return Box::pin(self.send_waiting(command)).await;
        }
        if hedge::is_hedge() {
            return Box::pin(self.send_beside(command)).await;
        }
        let effect = || command::effect(args(command));
        if self.is_quiet(now_ms) && effect() > self.manager.settings.repeated {
            Box::pin(self.look()).await?;
        }
        let Self {
            manager,
            generation,
            raw,
        } = self;
        let mut watch = Watch::new(manager, generation, now_ms);
        let raw = raw.as_mut().ok_or_else(nothing)?;
        raw.goes_by(watch.manager.settings.response_timeout());
        hedge::uses(raw.number());
        let answer = raw.send(command).await;
        let reply = watch.end(raw, answer, slice::from_ref, effect)?;
        watch.manager.endpoint.peer().judged(reply)
    }

    /// Sends all of them together.
    pub(crate) async fn send_all(
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
        if hedge::is_hedge() {
            return Box::pin(self.send_all_beside(pipeline, offset, count)).await;
        }
        let effect = || together::effect(commands());
        if self.is_quiet(now_ms) && effect() > self.manager.settings.repeated {
            Box::pin(self.look()).await?;
        }
        let Self {
            manager,
            generation,
            raw,
        } = self;
        let mut watch = Watch::new(manager, generation, now_ms);
        let raw = raw.as_mut().ok_or_else(nothing)?;
        raw.goes_by(watch.manager.settings.response_timeout());
        hedge::uses(raw.number());
        let answer = raw.send_all(pipeline, offset, count).await;
        watch.end(raw, answer, Vec::as_slice, effect)
    }

    /// Sends a command that another server of the cluster has sent here, for this once: the slot is on its way.
    #[cfg(feature = "cluster")]
    pub(crate) async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        let mut replies = self.send_part(vec![command.clone()], true).await?;
        Ok(replies.pop().unwrap_or(Value::Nil))
    }

    /// The same of some commands together, each for itself; without `asking` as to the owner of the slot.
    #[cfg(feature = "cluster")]
    pub(crate) async fn send_part(
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
    pub(crate) async fn ask_transaction(
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
        command::transaction::reply(replies)
    }

    /// A hedge does not wait until the first attempt's connection has been looked at. Which server it is, it has to know as well.
    pub(crate) fn is_ready(&self, now_ms: u64) -> bool {
        !self.generation.is_given_up()
            && (!self.manager.doubts(&self.generation, now_ms)
                || hedge::is_hedge() && self.generation.is_here() && !self.manager.endpoint.moves())
    }

    pub(crate) async fn renew(&mut self) -> RedisResult<()> {
        let mut generation = self.generation.clone();
        // One that belongs to another runtime stands still with that.
        if generation.is_given_up() || !generation.is_here() {
            generation = self.manager.generation().await?;
        }
        if self.manager.doubts(&generation, now_ms()) {
            generation = self.manager.checked(&generation).await?;
        }
        if !Arc::ptr_eq(&generation, &self.generation) {
            (self.generation, self.raw) = (generation, None);
        }
        Ok(())
    }

    /// Whether the server may have closed the connection that is used next.
    fn is_quiet(&mut self, now_ms: u64) -> bool {
        self.generation.next(&mut self.raw);
        self.raw.as_ref().is_some_and(|raw| raw.is_quiet(now_ms))
    }

    /// Looks whether the server is still there, so that nothing is sent into the void that must not be sent twice.
    async fn look(&mut self) -> RedisResult<()> {
        if self.generation.is_here() {
            if let Some(raw) = &mut self.raw {
                match raw.answers(self.manager.endpoint.peer()).await {
                    Ok(()) => {
                        raw.heard(now_ms());
                        return Ok(());
                    }
                    Err(error) => {
                        self.generation
                            .lose(&self.manager.settings, Loss::Unfit, || error);
                    }
                }
            }
            self.generation.give_up();
        }
        self.renew().await?;
        self.generation.next(&mut self.raw);
        Ok(())
    }
}

pub(crate) fn nothing() -> RedisError {
    io::Error::from(io::ErrorKind::NotConnected).into()
}

/// Sees to it that what becomes of a command is known to the connection, even if nobody waits for it any more.
struct Watch<'a> {
    manager: &'a Arc<Manager>,
    generation: &'a Arc<Generation>,
    is_over: bool,
}

impl<'a> Watch<'a> {
    /// A command is sent.
    fn new(manager: &'a Arc<Manager>, generation: &'a Arc<Generation>, now_ms: u64) -> Self {
        generation.liveness.asked(now_ms);
        Self {
            manager,
            generation,
            is_over: false,
        }
    }

    fn end<T>(
        &mut self,
        raw: &RawConnection,
        answer: RedisResult<T>,
        replies: impl FnOnce(&T) -> &[Value] + Copy,
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        self.is_over = true;
        if self
            .manager
            .ends(&answer, replies, || self.generation.leads_to())
        {
            self.loses(&answer, replies);
        } else if answer.as_ref().is_err_and(RedisError::is_timeout) {
            if self
                .generation
                .liveness
                .timed_out(self.manager.liveness_limits())
            {
                self.loses(&answer, replies);
            }
        } else {
            let now_ms = now_ms();
            self.generation.liveness.answered(now_ms);
            raw.heard(now_ms);
        }
        answer.map_err(|error| told(self.manager, self.generation.leads_to(), error, effect))
    }

    #[cold]
    fn loses<T>(&self, answer: &RedisResult<T>, replies: impl FnOnce(&T) -> &[Value]) {
        let cause = || cause_of_end(self.manager.endpoint.peer(), answer, replies);
        self.generation
            .lose(&self.manager.settings, Loss::Gone, cause);
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let limit = self.manager.settings.response_timeout();
        if self.is_over {
            return;
        }
        left(self.generation.leads_to());
        if self
            .generation
            .liveness
            .left_alone(now_ms(), whole_millis(limit))
        {
            let cause = || no_answer(limit);
            self.generation
                .lose(&self.manager.settings, Loss::Gone, cause);
        }
    }
}

/// The failure of a command that went to the server at this address, with what the command says about it.
pub(crate) fn told(
    manager: &Manager,
    address: Option<&ConnectionAddr>,
    error: RedisError,
    effect: impl FnOnce() -> Effect,
) -> RedisError {
    let class = Class::of(&error);
    // It has spoken the protocol before: what has become of the command, the spoilt reply does not say.
    let is_spoilt = error.kind() == ErrorKind::Parse && class == Class::Misconfigured;
    if class != Class::Ambiguous && !is_spoilt {
        at(address, error)
    } else if effect() > manager.settings.repeated {
        tagged_from(Class::NotIdempotent, address, error)
    } else {
        repeatable_at(address, error)
    }
}
