//! The connection that callers hold.

use std::io;
use std::slice;
use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};

use super::command::{self, Effect, args};
use super::keeper::Keeper;
use super::live::Live;
use super::silence::Silence;
use super::wire::Wire;
use crate::Class;
use crate::class::known::{known, repeatable};
use crate::clock::{now_ms, whole_millis};

/// A connection that comes back: when what it stands on has failed, the next command goes over a new one.
///
/// Clones are cheap and share what is connected. It goes wherever redis-rs takes an asynchronous connection: typed commands, pipelines,
/// transactions, scripts.
///
/// * A command that gets no answer within [`response_timeout`](super::ConnectorBuilder::response_timeout) fails. Those that wait in the server
///   (`BLPOP`, `XREAD BLOCK`, `WAIT` and their like) have no such limit, and a connection of their own.
/// * A failure of which nobody knows whether the command was executed has the class [`Unrepeatable`](Class::Unrepeatable) where executing it
///   twice would not be the same: `INCR`, `LPUSH`, `SET … NX`, scripts. An annotated function does not retry those by itself.
/// * Dropping the future of a command does not stop the command in the server.
#[derive(Clone, Debug)]
pub struct Connection {
    keeper: Arc<Keeper>,
    live: Arc<Live>,
    /// The one of `live` that was used last. `None`: none was.
    wire: Option<Wire>,
}

impl Connection {
    pub(super) const fn new(keeper: Arc<Keeper>, live: Arc<Live>) -> Self {
        Self {
            keeper,
            live,
            wire: None,
        }
    }

    fn is_ready(&self) -> bool {
        !self.live.is_given_up() && !self.keeper.doubts(&self.live)
    }

    async fn renew(&mut self) -> RedisResult<()> {
        let mut live = self.live.clone();
        if live.is_given_up() {
            live = self.keeper.live().await?;
        }
        if self.keeper.doubts(&live) {
            live = self.keeper.checked(&live).await?;
        }
        if !Arc::ptr_eq(&live, &self.live) {
            (self.live, self.wire) = (live, None);
        }
        Ok(())
    }

    /// A connection for a command that waits, by itself.
    async fn spare(&self) -> RedisResult<Option<Wire>> {
        match self.live.take_spare() {
            Some(spare) => Ok(Some(spare)),
            None => self.keeper.connect_spare().await.map(Some),
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            // What seldom happens is in boxes: its room is part of each command's future, and moved about with it.
            if !self.is_ready() {
                Box::pin(self.renew()).await?;
            }
            let spare = if command::waits(args(command)) {
                Box::pin(self.spare()).await?
            } else {
                None
            };
            let Self { keeper, live, wire } = self;
            let slot = keeper.slot_of(args(command));
            let mut watch = Watch::new(keeper, live, spare, slot);
            let answer = watch.wire(wire)?.send(command).await;
            let reply = watch.end(answer, slice::from_ref, || command::effect(args(command)))?;
            watch.keeper.source.peer().judged(reply)
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let commands = || pipeline.cmd_iter().map(args);
            if !self.is_ready() {
                Box::pin(self.renew()).await?;
            }
            let spare = if commands().any(command::waits) {
                Box::pin(self.spare()).await?
            } else {
                None
            };
            let Self { keeper, live, wire } = self;
            let slot = commands().find_map(|command| keeper.slot_of(command));
            let mut watch = Watch::new(keeper, live, spare, slot);
            let wire = watch.wire(wire)?;
            let answer = wire.send_all(pipeline, offset, count).await;
            watch.end(answer, Vec::as_slice, || {
                command::worst(commands().map(command::effect))
            })
        })
    }

    fn get_db(&self) -> i64 {
        self.keeper.source.database()
    }
}

/// Sees to it that what becomes of a command is known to the connection, even if nobody waits for it any more.
struct Watch<'a> {
    keeper: &'a Arc<Keeper>,
    live: &'a Arc<Live>,
    /// A connection for this command alone, if it waits.
    spare: Option<Wire>,
    /// Those that have this slot are silent if no answer comes. `None`: silence says nothing.
    slot: Option<usize>,
    is_over: bool,
}

impl<'a> Watch<'a> {
    fn new(
        keeper: &'a Arc<Keeper>,
        live: &'a Arc<Live>,
        spare: Option<Wire>,
        slot: Option<usize>,
    ) -> Self {
        Self {
            keeper,
            live,
            slot: if spare.is_some() { None } else { slot },
            spare,
            is_over: false,
        }
    }

    /// What to send it over, at once.
    fn wire<'w>(&'w mut self, shared: &'w mut Option<Wire>) -> RedisResult<&'w mut Wire> {
        if let Some((_, silence)) = self.silence() {
            silence.asked(now_ms());
        }
        if self.spare.is_none() {
            self.live.next(shared);
        }
        let wire = self.spare.as_mut().or(shared.as_mut());
        wire.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected).into())
    }

    fn silence(&self) -> Option<(usize, &'a Silence)> {
        let slot = self.slot?;
        Some((slot, self.live.silence(slot)?))
    }

    fn end<T>(
        &mut self,
        answer: RedisResult<T>,
        replies: impl FnOnce(&T) -> &[Value],
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        self.is_over = true;
        let peer = self.keeper.source.peer();
        let is_ended = match &answer {
            Ok(value) => replies(value)
                .iter()
                .any(|reply| peer.is_ended_by_reply(reply)),
            Err(error) => peer.is_ended_by(error),
        };
        let has_timed_out = answer.as_ref().is_err_and(RedisError::is_timeout);
        if is_ended {
            self.live.give_up();
        } else if has_timed_out {
            self.timed_out();
        } else {
            self.answered();
        }
        answer.map_err(|error| told(self.keeper, error, effect))
    }

    fn timed_out(&self) {
        if let Some((slot, silence)) = self.silence()
            && silence.timed_out(self.keeper.patience())
        {
            self.keeper.silent(self.live, slot);
        }
    }

    fn answered(&mut self) {
        if let Some((_, silence)) = self.silence() {
            silence.answered(now_ms());
        }
        if let Some(spare) = self.spare.take() {
            self.live.put_back(spare);
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_over
            && let Some((slot, silence)) = self.silence()
            && silence.left_alone(
                now_ms(),
                whole_millis(self.keeper.settings.response_timeout),
            )
        {
            self.keeper.silent(self.live, slot);
        }
    }
}

/// The failure, with what the command says about it.
pub(super) fn told(
    keeper: &Keeper,
    error: RedisError,
    effect: impl FnOnce() -> Effect,
) -> RedisError {
    let error = keeper.source.told(error);
    match Class::of(&error) {
        Class::Ambiguous if effect() == Effect::Once => known(Class::Unrepeatable, error),
        Class::Ambiguous => repeatable(error),
        _ => error,
    }
}
