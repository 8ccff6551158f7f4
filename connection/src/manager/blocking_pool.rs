//! Blocking connections that nobody holds, and how new ones are made.

use std::fmt;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{ConnectionAddr, RedisError, RedisResult};

use super::failed::Failed;
use super::found_out::FoundOut;
use super::server_check::Finding;
use crate::deadline::Deadline;
use crate::endpoint::connect::connect_to_first_blocking;
use crate::events::{Loss, Side};
use crate::manager::Manager;
#[cfg(feature = "cluster")]
use crate::manager::nodes::Nodes;
use crate::not_sent::not_sent;
use crate::raw::blocking::{BlockingRaw, Wait};
use crate::raw::has_rested;
use crate::raw::ping::Ping;
use crate::settings::credentials::Renewal;
use redis_resilient_runtime::__seam::clock::now_ms;

/// Connections that nobody holds are kept, up to so many.
const MOST_IDLE: usize = 32;

/// What the blocking connections of a connector share.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<IdleList>,
    gate: Mutex<Gate>,
    passed: Condvar,
    /// Where a connection that leads there ought to lead, as Sentinels say.
    places: FoundOut<ConnectionAddr, Option<ConnectionAddr>>,
    /// Whether the server there is worth waiting for.
    pub(crate) findings: FoundOut<Option<ConnectionAddr>, Finding>,
}

#[derive(Debug, Default)]
struct IdleList {
    idle: Vec<Idle>,
    /// One that was last used before then, in milliseconds, may be as dead as the one that was found so then.
    doubted_ms: Option<u64>,
}

/// One at a time connects; when one fails, all fail for a moment.
#[derive(Debug, Default)]
struct Gate {
    is_taken: bool,
    failed: Option<Failed>,
    /// All that ever failed.
    failures: u64,
}

/// A connection that its holder may use at once.
pub(crate) struct Idle {
    pub(crate) raw: BlockingRaw,
    /// Where it leads, if it leads to one server.
    pub(crate) address: Option<ConnectionAddr>,
    pub(crate) used_ms: u64,
    /// When the address was last known to be right.
    verified_ms: u64,
    /// Of the credentials that it was made with.
    pub(crate) renewal: Renewal,
    /// For observers, who are told of one that is lost among those that were made meanwhile.
    generation: u64,
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Idle {{ used_ms: {} }}", self.used_ms)
    }
}

impl Idle {
    /// Whether nothing has come that nobody has asked for, nor its end.
    ///
    /// What has come with the last reply has been seen with it. To look for more is a system call, and within the same tick of the clock it is left
    /// out: a holder that sends one command after the other would pay for it each time.
    pub(crate) fn is_quiet(&mut self) -> bool {
        if self.used_ms == now_ms() {
            self.raw.is_open()
        } else {
            self.raw.is_quiet()
        }
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, IdleList> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever wants a connection may try to make one, whatever has failed.
    pub(crate) fn rest_ends(&self) {
        if let Some(failed) = &mut self.gate().failed {
            failed.rests_until(now_ms());
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Idle> {
        self.idle().idle.pop()
    }

    pub(crate) fn put_back(&self, idle: Idle) {
        let mut kept = self.idle();
        let is_doubted = kept.doubted_ms >= Some(idle.used_ms);
        if kept.idle.len() < MOST_IDLE && idle.raw.is_open() && !is_doubted {
            kept.idle.push(idle);
        }
    }

    /// One that leads there is of no use any more: nor are those that have been idle meanwhile, or one after the other would be tried for as long as
    /// an answer may take.
    pub(crate) fn forget(&self) {
        let mut kept = self.idle();
        kept.doubted_ms = Some(now_ms());
        let forgotten = std::mem::take(&mut kept.idle);
        drop(kept);
        // Closing them takes its time.
        drop(forgotten);
    }
}

impl Manager {
    /// A connection that nobody else holds: one that is there, or a new one.
    pub(crate) fn take(&self) -> RedisResult<Idle> {
        self.take_for(&|| true)
    }

    /// The same for a command that may be repeated, or else would be lost on one that the server has closed.
    pub(crate) fn take_for(&self, may_be_repeated: &dyn Fn() -> bool) -> RedisResult<Idle> {
        while let Some(mut idle) = self.pool.take() {
            // What the last holder's commands have left behind must not come to this one.
            if !idle.raw.is_quiet() {
                self.loses(&idle, Loss::Gone, closed);
            } else if self.is_fit(&mut idle, may_be_repeated) {
                return Ok(idle);
            }
        }
        self.connect_blocking()
    }

    /// Whether it may be used for such a command.
    pub(crate) fn is_fit(&self, idle: &mut Idle, may_be_repeated: &dyn Fn() -> bool) -> bool {
        // A server that closes one, or says what nobody has asked for, says nothing about others.
        if !idle.is_quiet() {
            self.loses(idle, Loss::Gone, closed);
            return false;
        }
        if !self.settings.renew_blocking(idle) {
            return false;
        }
        let may_be_closed = || has_rested(idle.used_ms, now_ms()) && !may_be_repeated();
        self.is_fresh(idle) && !may_be_closed() || self.still_serves(idle)
    }

    /// Whether it may be used without being tried.
    fn is_fresh(&self, idle: &Idle) -> bool {
        let (now_ms, limit_ms) = (now_ms(), self.liveness_limits().idle_ms);
        let is_recent = |then_ms: u64| now_ms.saturating_sub(then_ms) < limit_ms;
        is_recent(idle.used_ms) && (is_recent(idle.verified_ms) || !self.endpoint.moves())
    }

    /// Tries it, and asks where it ought to lead.
    fn still_serves(&self, idle: &mut Idle) -> bool {
        let place = idle.address.as_ref().map(|address| self.place(address));
        let is_elsewhere = |place: &ConnectionAddr| Some(place) != idle.address.as_ref();
        if let Some((Some(place), _)) = &place
            && is_elsewhere(place)
        {
            self.pool.forget();
            return false;
        }
        idle.verified_ms = place.map_or_else(now_ms, |(_, said_ms)| said_ms);
        let answers = self.still_answers(idle);
        if !answers {
            self.pool.forget();
        }
        answers
    }

    /// Where a connection that leads there ought to lead, and when that was said; `None`: nobody says. Asked once for all connections.
    pub(crate) fn place(&self, address: &ConnectionAddr) -> (Option<ConnectionAddr>, u64) {
        if !self.endpoint.moves() {
            return (None, now_ms());
        }
        let holds_ms = self.liveness_limits().idle_ms;
        self.pool.places.get(address, holds_ms, || {
            let servers = self
                .endpoint
                .servers_blocking(&self.settings, Some(address));
            let place = servers.ok()?.first().map(|server| server.addr().clone());
            if let Some(place) = &place {
                self.endpoint.leads_to(&self.settings, place);
            }
            place
        })
    }

    /// Has observers told that one is lost.
    pub(crate) fn loses(&self, idle: &Idle, loss: Loss, cause: impl FnOnce() -> RedisError) {
        let address = idle.address.as_ref();
        self.settings
            .tell(|events| events.blocking_lost(idle.generation, loss, address, cause));
    }

    /// Tries it.
    pub(crate) fn still_answers(&self, idle: &mut Idle) -> bool {
        let ping = Ping::new();
        let mut wait = Wait::for_answer(self.settings.response_timeout());
        let answer = idle.raw.req_command(&ping.command(), &mut wait);
        idle.used_ms = now_ms();
        if ping.is_answered(self.endpoint.peer(), &answer) && idle.raw.is_open() {
            return true;
        }
        self.loses(idle, Loss::Unfit, || Ping::failure(answer));
        false
    }

    /// Sees to it that the servers of a cluster are known.
    #[cfg(feature = "cluster")]
    pub(crate) fn know_cluster(&self, nodes: &Nodes) -> RedisResult<()> {
        if nodes.are_known() {
            nodes.look_up();
            return Ok(());
        }
        self.one_at_a_time(|| nodes.learn_blocking())
    }

    fn connect_blocking(&self) -> RedisResult<Idle> {
        let mut took = Duration::ZERO;
        let idle = self.one_at_a_time(|| {
            let begun = Instant::now();
            let idle = self.open_blocking();
            took = begun.elapsed();
            idle
        })?;
        if let Some(address) = &idle.address {
            self.endpoint.leads_to(&self.settings, address);
            self.settings
                .tell(|events| events.blocking_connected(address, took));
        }
        Ok(idle)
    }

    fn one_at_a_time<T>(&self, connect: impl FnOnce() -> RedisResult<T>) -> RedisResult<T> {
        let pool = &self.pool;
        let mut gate = pool.gate();
        let longest = self.endpoint.connect_limit(&self.settings);
        let failures = gate.failures;
        while gate.is_taken {
            let (woken, waited) = pool
                .passed
                .wait_timeout(gate, longest)
                .unwrap_or_else(PoisonError::into_inner);
            gate = woken;
            if let Some(failed) = &gate.failed
                && gate.failures != failures
            {
                // It failed for all who have waited, however late they wake up.
                return Err(failed.error());
            }
            if waited.timed_out() {
                return Err(self.took_too_long());
            }
        }
        gate.is_taken = true;
        let failed = gate.failed.clone();
        drop(gate);
        let taken = Taken(pool);
        if let Some(error) = failed.as_ref().and_then(|failed| failed.rest(now_ms())) {
            return Err(error);
        }
        let connected = connect().map_err(not_sent);
        let failed = connected.as_ref().err().map(|error| {
            let error = error.clone();
            Failed::after(failed.as_ref(), error, now_ms())
        });
        let rest = failed.as_ref().map(|failed| failed.left(now_ms()));
        let mut gate = pool.gate();
        gate.failures += u64::from(failed.is_some());
        gate.failed = failed;
        drop(gate);
        drop(taken);
        if let Err(error) = &connected {
            self.connect_failed(Side::Blocking, error, rest);
        }
        connected
    }

    fn open_blocking(&self) -> RedisResult<Idle> {
        let settings = &self.settings;
        let generation = settings
            .events
            .as_ref()
            .map_or(0, |events| events.blocking_generation());
        let deadline = Deadline::after(Some(settings.connect_timeout()));
        let servers = self.endpoint.servers_blocking(settings, None)?;
        let asked = settings.ask_blocking()?;
        let connected = connect_to_first_blocking(servers, deadline, |server, limit| {
            let raw = BlockingRaw::connect(server, settings, asked.get(), limit);
            raw.map_err(|error| {
                if error.is_timeout() {
                    self.took_too_long()
                } else {
                    error
                }
            })
        });
        let (raw, address) = connected?;
        Ok(Idle {
            raw,
            address: Some(address),
            used_ms: now_ms(),
            verified_ms: now_ms(),
            renewal: asked.renewal,
            generation,
        })
    }
}

/// What has become of one that nobody has used.
pub(crate) fn closed() -> RedisError {
    let text = "the server has closed the connection, or sent an unexpected reply";
    io::Error::new(io::ErrorKind::ConnectionAborted, text).into()
}

/// The gate, given back also if connecting panics.
struct Taken<'a>(&'a Pool);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.gate().is_taken = false;
        self.0.passed.notify_all();
    }
}
