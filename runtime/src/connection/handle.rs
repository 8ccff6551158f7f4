//! The connection that callers hold.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};
use tokio::time::timeout;

use super::command::{self, Effect, args};
use super::keeper::Keeper;
use super::live::Live;
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
    async fn begin(&mut self, waits: bool) -> RedisResult<Sending> {
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
        Ok(Sending {
            wire,
            watch: Watch::new(&self.live, &self.keeper, waits),
        })
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let Sending { mut wire, watch } = self.begin(command::waits(args(command))).await?;
            let answer = watch.limit(wire.send(command)).await;
            let ends = answer
                .as_ref()
                .is_ok_and(|reply| watch.keeper.has_end(reply));
            let reply = watch.end(wire, answer, ends, || command::effect(args(command)))?;
            self.keeper.source.judged(reply)
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
            let Sending { mut wire, watch } = self.begin(commands().any(command::waits)).await?;
            let sent = wire.send_all(pipeline, offset, count);
            let answer = watch.limit(sent).await;
            let ends = answer
                .as_ref()
                .is_ok_and(|replies| replies.iter().any(|reply| watch.keeper.has_end(reply)));
            watch.end(wire, answer, ends, || {
                command::worst(commands().map(command::effect))
            })
        })
    }

    fn get_db(&self) -> i64 {
        self.keeper.source.database()
    }
}

struct Sending {
    wire: Wire,
    watch: Watch,
}

/// Sees to it that what becomes of a command is known to the connection, even if nobody waits for it any more.
struct Watch {
    keeper: Arc<Keeper>,
    live: Arc<Live>,
    /// `None`: it takes as long as it says.
    limit: Option<Duration>,
    is_over: bool,
}

impl Watch {
    fn new(live: &Arc<Live>, keeper: &Arc<Keeper>, waits: bool) -> Self {
        live.asked(now_ms());
        Self {
            keeper: keeper.clone(),
            live: live.clone(),
            limit: (!waits).then_some(keeper.settings.response_timeout),
            is_over: false,
        }
    }

    async fn limit<T>(&self, sent: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        let Some(limit) = self.limit else {
            return sent.await;
        };
        if let Ok(answer) = timeout(limit, sent).await {
            answer
        } else {
            self.live.timed_out(self.keeper.settings.unanswered);
            Err(no_answer(limit))
        }
    }

    fn end<T>(
        mut self,
        wire: Wire,
        answer: RedisResult<T>,
        ends: bool,
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        self.is_over = true;
        let error = match answer {
            Ok(value) => {
                if ends {
                    self.live.give_up();
                } else {
                    self.answered(wire);
                }
                return Ok(value);
            }
            Err(error) => error,
        };
        if self.keeper.ends(&error) {
            self.live.give_up();
        } else if !error.is_timeout() {
            self.answered(wire);
        }
        Err(told(&self.keeper, error, effect))
    }

    fn answered(&self, wire: Wire) {
        self.live.answered(now_ms());
        if self.limit.is_none() {
            self.live.put_back(wire);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let (false, Some(limit)) = (self.is_over, self.limit) {
            self.live.left_alone(now_ms(), whole_millis(limit));
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
