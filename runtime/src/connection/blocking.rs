//! Connections for synchronous code: each caller has one of its own while it holds it.

use std::slice;
use std::sync::Arc;

use redis::{Cmd, ConnectionLike, RedisError, RedisResult, Value};

use super::command::{self, Effect, args};
use super::ending::Peer;
use super::handle::told;
use super::keeper::Keeper;
use super::packed;
use super::pool::Idle;
use super::wire::BlockingWire;
use crate::clock::now_ms;

/// A blocking connection that comes back: when what it stands on has failed, the next command goes over a new one.
///
/// It goes wherever redis-rs takes a blocking connection. What is said of [`Connection`](super::Connection) holds for it too, but that it
/// is for one caller at a time; when it is dropped, the next [`get_blocking`](super::Connector::get_blocking) has it.
///
/// * Each reply to a transaction may take as long as a response may.
/// * In a cluster, a failure of one server ends the connection to all of them, for this caller: its next command connects anew, which takes
///   longer while that server is not there.
#[derive(Debug)]
pub struct BlockingConnection {
    keeper: Arc<Keeper>,
    /// `None` where the last one has been given up.
    held: Option<Idle>,
}

impl BlockingConnection {
    pub(super) fn new(keeper: Arc<Keeper>) -> RedisResult<Self> {
        let held = Some(keeper.take()?);
        Ok(Self { keeper, held })
    }

    /// Sends it over what is held, if anything is, whether or not that still leads anywhere: takes no longer than the response timeout, and
    /// connects to nothing, but where a cluster's connection does so by itself.
    pub(super) fn send_at_once(&mut self, command: &Cmd) {
        if let Some(mut held) = self.held.take()
            && let Ok(reply) = held.wire.req_command(command)
            && !self
                .keeper
                .source
                .peer()
                .blocking()
                .is_ended_by_reply(&reply)
        {
            self.held = Some(held);
        }
    }

    /// Sends something that ends in time, or `waits`.
    fn run<T>(
        &mut self,
        waits: bool,
        effect: impl FnOnce() -> Effect,
        replies: impl FnOnce(&T) -> &[Value],
        send: impl FnOnce(&mut BlockingWire) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let mut held = match self.held.take() {
            Some(held) if self.keeper.is_fresh(&held) => held,
            Some(held) => {
                self.keeper.pool.put_back(held);
                self.keeper.take()?
            }
            None => self.keeper.take()?,
        };
        let limit = Some(self.keeper.settings.response_timeout);
        if waits {
            held.wire.set_timeouts(None)?;
        }
        let answer = send(&mut held.wire);
        let peer = self.keeper.source.peer();
        let is_ended = match &answer {
            Ok(reply) => replies(reply)
                .iter()
                .any(|reply| peer.blocking().is_ended_by_reply(reply)),
            Err(error) => peer.blocking().is_ended_by(error),
        };
        let has_timed_out = answer.as_ref().is_err_and(RedisError::is_timeout);
        // After a timeout the reply may come yet: it must not be taken for another's.
        let goes_on = !is_ended && !has_timed_out;
        if goes_on && (!waits || held.wire.set_timeouts(limit).is_ok()) {
            held.used_ms = now_ms();
            self.held = Some(held);
        } else if is_ended || peer != Peer::Cluster {
            // Those that nobody holds led to the same server. In a cluster most of them are for others than the silent one.
            self.keeper.pool.forget();
        }
        answer.map_err(|error| told(&self.keeper, error, effect))
    }
}

impl Drop for BlockingConnection {
    fn drop(&mut self) {
        if let Some(held) = self.held.take()
            && !std::thread::panicking()
        {
            self.keeper.pool.put_back(held);
        }
    }
}

impl ConnectionLike for BlockingConnection {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        let reply = self.run(
            any_waits(command),
            || effect_of(command),
            slice::from_ref,
            |wire| wire.req_packed_command(command),
        )?;
        self.keeper.source.peer().judged(reply)
    }

    fn req_packed_commands(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.run(
            any_waits(pipeline),
            || effect_of(pipeline),
            Vec::as_slice,
            |wire| wire.req_packed_commands(pipeline, offset, count),
        )
    }

    fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        let reply = self.run(
            command::waits(args(command)),
            || command::effect(args(command)),
            slice::from_ref,
            |wire| wire.req_command(command),
        )?;
        self.keeper.source.peer().judged(reply)
    }

    fn get_db(&self) -> i64 {
        self.keeper.source.database()
    }

    fn check_connection(&mut self) -> bool {
        self.req_command(&redis::cmd("PING")).is_ok()
    }

    fn is_open(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.wire.is_open())
    }
}

fn any_waits(packed: &[u8]) -> bool {
    packed::commands(packed).any(|command| command::waits(command.iter().copied()))
}

fn effect_of(packed: &[u8]) -> Effect {
    // What cannot be read might be anything.
    if packed::commands(packed).next().is_none() {
        return Effect::Once;
    }
    let commands: Vec<_> = packed::commands(packed).collect();
    command::effect_of_all(commands.iter().map(|command| command.iter().copied()))
}
