//! Connections for synchronous code: each caller has one of its own while it holds it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use redis::{Cmd, ConnectionAddr, ConnectionLike, RedisResult, Value};

use super::command::{self, Effect, args};
use super::handle::told;
use super::keeper::{Failed, Keeper, not_sent};
use super::live::{ends_connection, has_end};
use super::packed;
use super::settings::Credentials;
use super::source::client;
use super::wire::BlockingWire;
use crate::clock::{now_ms, whole_millis};

/// Connections that nobody holds are kept, up to so many.
const MOST_IDLE: usize = 32;

/// What the blocking connections of a connector share.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Idle>>,
    gate: Mutex<Gate>,
    passed: Condvar,
}

/// One at a time connects; when one fails, all fail for a moment.
#[derive(Debug, Default)]
struct Gate {
    is_taken: bool,
    failed: Option<Failed>,
}

struct Idle {
    wire: BlockingWire,
    /// Where it leads, if it leads to one server.
    address: Option<ConnectionAddr>,
    used_ms: u64,
    /// When the address was last known to be right.
    verified_ms: u64,
}

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Idle {{ used_ms: {} }}", self.used_ms)
    }
}

impl Keeper {
    /// A connection that nobody else holds: one that is there, or a new one.
    fn take(&self) -> RedisResult<Idle> {
        loop {
            let idle = self
                .pool
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let Some(mut idle) = idle else {
                return self.connect_blocking();
            };
            if self.is_fresh(&idle) || self.still_serves(&mut idle) {
                return Ok(idle);
            }
        }
    }

    fn is_fresh(&self, idle: &Idle) -> bool {
        let (now_ms, limit_ms) = (now_ms(), whole_millis(self.settings.health_check_after));
        let is_recent = |then_ms: u64| now_ms.saturating_sub(then_ms) < limit_ms;
        is_recent(idle.used_ms) && (is_recent(idle.verified_ms) || !self.source.moves())
    }

    /// Tries it, and asks where it ought to lead.
    fn still_serves(&self, idle: &mut Idle) -> bool {
        if self.source.moves()
            && let Ok(Some(info)) = self.source.server_blocking(&self.settings)
            && Some(info.addr()) != idle.address.as_ref()
        {
            self.forget_idle();
            return false;
        }
        let answers = match idle.wire.req_command(&redis::cmd("PING")) {
            Ok(reply) => !has_end(&reply),
            Err(error) => !ends_connection(&error) && !error.is_timeout(),
        };
        (idle.used_ms, idle.verified_ms) = (now_ms(), now_ms());
        answers
    }

    fn forget_idle(&self) {
        self.pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn put_back(&self, idle: Idle) {
        let mut kept = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_IDLE {
            kept.push(idle);
        }
    }

    fn connect_blocking(&self) -> RedisResult<Idle> {
        let credentials = self.credentials();
        let pool = &self.pool;
        let mut gate = pool.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = self.settings.connect_timeout;
        while gate.is_taken {
            let (woken, waited) = pool
                .passed
                .wait_timeout(gate, longest)
                .unwrap_or_else(PoisonError::into_inner);
            gate = woken;
            if waited.timed_out() {
                return Err(self.took_too_long());
            }
        }
        if let Some(failed) = &gate.failed
            && let Some(error) = failed.is_fresh(now_ms(), credentials.as_ref())
        {
            return Err(error);
        }
        gate.is_taken = true;
        drop(gate);
        let taken = Taken(pool);
        let connected = self.open_blocking(credentials.as_ref()).map_err(not_sent);
        let mut gate = pool.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.failed = match &connected {
            Ok(_) => None,
            Err(error) => {
                let times = gate.failed.as_ref().map_or(0, Failed::times);
                Some(Failed::new(error.clone(), times, credentials))
            }
        };
        drop(gate);
        drop(taken);
        connected
    }

    /// Each step of it may take as long as the connect timeout: redis-rs limits reads, not the whole.
    fn open_blocking(&self, credentials: Option<&Credentials>) -> RedisResult<Idle> {
        let settings = &self.settings;
        let (wire, address) = match self.source.server_blocking(settings)? {
            Some(info) => {
                let address = info.addr().clone();
                let client = client(info, credentials)?;
                let server = client.get_connection_with_timeout(settings.connect_timeout)?;
                (BlockingWire::Server(server), Some(address))
            }
            None => (self.source.cluster_blocking(settings, credentials)?, None),
        };
        wire.set_timeouts(Some(settings.response_timeout))?;
        Ok(Idle {
            wire,
            address,
            used_ms: now_ms(),
            verified_ms: now_ms(),
        })
    }
}

/// The gate, given back also if connecting panics.
struct Taken<'a>(&'a Pool);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0
            .gate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_taken = false;
        self.0.passed.notify_all();
    }
}

/// A blocking connection that comes back: when what it stands on has failed, the next command goes over a new one.
///
/// It goes wherever redis-rs takes a blocking connection. What is said of [`Connection`](super::Connection) holds for it too, but that it
/// is for one caller at a time; when it is dropped, the next [`get_blocking`](super::Connector::get_blocking) has it.
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
            && !has_end(&reply)
        {
            self.held = Some(held);
        }
    }

    /// Sends something that ends in time, or `waits`.
    fn run<T>(
        &mut self,
        waits: bool,
        effect: impl FnOnce() -> Effect,
        has_end: impl FnOnce(&T) -> bool,
        send: impl FnOnce(&mut BlockingWire) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let mut held = match self.held.take() {
            Some(held) if self.keeper.is_fresh(&held) => held,
            Some(held) => {
                self.keeper.put_back(held);
                self.keeper.take()?
            }
            None => self.keeper.take()?,
        };
        let limit = Some(self.keeper.settings.response_timeout);
        if waits {
            held.wire.set_timeouts(None)?;
        }
        let answer = send(&mut held.wire);
        let goes_on = match &answer {
            Ok(reply) => !has_end(reply),
            // After a timeout the reply may come yet: it must not be taken for another's.
            Err(error) => !ends_connection(error) && !error.is_timeout(),
        };
        if goes_on && (!waits || held.wire.set_timeouts(limit).is_ok()) {
            held.used_ms = now_ms();
            self.held = Some(held);
        } else {
            // Those that nobody holds led to the same server.
            self.keeper.forget_idle();
        }
        answer.map_err(|error| told(&self.keeper, error, effect))
    }
}

impl Drop for BlockingConnection {
    fn drop(&mut self) {
        if let Some(held) = self.held.take()
            && !std::thread::panicking()
        {
            self.keeper.put_back(held);
        }
    }
}

impl ConnectionLike for BlockingConnection {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.run(
            any_waits(command),
            || effect_of(command),
            has_end,
            |wire| wire.req_packed_command(command),
        )
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
            |replies: &Vec<Value>| replies.iter().any(has_end),
            |wire| wire.req_packed_commands(pipeline, offset, count),
        )
    }

    fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.run(
            command::waits(args(command)),
            || command::effect(args(command)),
            has_end,
            |wire| wire.req_command(command),
        )
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
    let effects = packed::commands(packed).map(|command| command::effect(command.iter().copied()));
    // What cannot be read might be anything.
    if packed::commands(packed).next().is_none() {
        Effect::Once
    } else {
        command::worst(effects)
    }
}
