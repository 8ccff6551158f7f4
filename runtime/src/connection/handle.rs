//! The connection that callers hold.

use std::future::Future;
use std::io;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};
use tokio::time::timeout;

use super::command::{self, Effect, args};
use super::keeper::Keeper;
use super::live::Live;
use super::silence::Silence;
use super::wire::Wire;
use crate::Class;
use crate::class::known::known;
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
}

impl Connection {
    pub(super) const fn new(keeper: Arc<Keeper>, live: Arc<Live>) -> Self {
        Self { keeper, live }
    }

    /// Leave to send something that ends in time, or `waits`.
    async fn begin(
        &mut self,
        waits: bool,
        slot: impl FnOnce(&Keeper) -> Option<usize>,
    ) -> RedisResult<(Wire, Watch)> {
        if self.live.is_given_up() {
            self.live = self.keeper.live().await?;
        }
        if self.keeper.doubts(&self.live) {
            self.live = self.keeper.checked(&self.live).await?;
        }
        let wire = if waits {
            match self.live.take_spare() {
                Some(spare) => spare,
                None => self.keeper.connect_spare().await?,
            }
        } else {
            self.live.wire().ok_or_else(no_connection)?
        };
        let slot = if waits { None } else { slot(&self.keeper) };
        Ok((wire, Watch::new(&self.live, &self.keeper, waits, slot)))
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let waits = command::waits(args(command));
            let (mut wire, watch) = self
                .begin(waits, |keeper| keeper.slot_of(args(command)))
                .await?;
            let answer = watch.limit(wire.send(command)).await;
            watch.end(wire, answer, slice::from_ref, || {
                command::effect(args(command))
            })
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
            let waits = commands().any(command::waits);
            let slot = |keeper: &Keeper| commands().find_map(|command| keeper.slot_of(command));
            let (mut wire, watch) = self.begin(waits, slot).await?;
            let answer = watch.limit(wire.send_all(pipeline, offset, count)).await;
            watch.end(wire, answer, Vec::as_slice, || {
                command::worst(commands().map(command::effect))
            })
        })
    }

    fn get_db(&self) -> i64 {
        self.keeper.source.database()
    }
}

/// Sees to it that what becomes of a command is known to the connection, even if nobody waits for it any more.
struct Watch {
    keeper: Arc<Keeper>,
    live: Arc<Live>,
    /// Those that have this slot are silent if no answer comes. `None`: silence says nothing.
    slot: Option<usize>,
    /// `None`: it takes as long as it says.
    limit: Option<Duration>,
    is_over: bool,
}

impl Watch {
    fn new(live: &Arc<Live>, keeper: &Arc<Keeper>, waits: bool, slot: Option<usize>) -> Self {
        let watch = Self {
            keeper: keeper.clone(),
            live: live.clone(),
            slot,
            limit: (!waits).then(|| keeper.source.answer_limit(&keeper.settings)),
            is_over: false,
        };
        if let Some((_, silence)) = watch.silence() {
            silence.asked(now_ms());
        }
        watch
    }

    fn silence(&self) -> Option<(usize, &Silence)> {
        let slot = self.slot?;
        Some((slot, self.live.silence(slot)?))
    }

    async fn limit<T>(&self, sent: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        let Some(limit) = self.limit else {
            return sent.await;
        };
        match timeout(limit, sent).await {
            Ok(answer) => answer,
            Err(_) => Err(no_answer(limit)),
        }
    }

    fn end<T>(
        mut self,
        wire: Wire,
        answer: RedisResult<T>,
        replies: impl FnOnce(&T) -> &[Value],
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        self.is_over = true;
        let healing = self.keeper.source.healing();
        let is_ended = match &answer {
            Ok(value) => replies(value)
                .iter()
                .any(|reply| healing.is_ended_by_reply(reply)),
            Err(error) => healing.is_ended_by(error),
        };
        let has_timed_out = answer.as_ref().is_err_and(RedisError::is_timeout);
        if is_ended {
            self.live.give_up();
        } else if has_timed_out {
            self.timed_out();
        } else {
            self.answered(wire);
        }
        answer.map_err(|error| told(&self.keeper, error, effect))
    }

    fn timed_out(&self) {
        if let Some((slot, silence)) = self.silence()
            && silence.timed_out(self.keeper.patience())
        {
            self.keeper.silent(&self.live, slot);
        }
    }

    fn answered(&self, wire: Wire) {
        if let Some((_, silence)) = self.silence() {
            silence.answered(now_ms());
        }
        if self.limit.is_none() {
            self.live.put_back(wire);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_over
            && let Some((slot, silence)) = self.silence()
            && silence.left_alone(
                now_ms(),
                whole_millis(self.keeper.settings.response_timeout),
            )
        {
            self.keeper.silent(&self.live, slot);
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
        _ => error,
    }
}

fn no_answer(limit: Duration) -> RedisError {
    let text = format!("no answer within {limit:?}");
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

fn no_connection() -> RedisError {
    io::Error::from(io::ErrorKind::NotConnected).into()
}
