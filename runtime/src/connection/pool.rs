//! Blocking connections that nobody holds, and how new ones are made.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use redis::{ConnectionAddr, ConnectionInfo, RedisResult};

#[cfg(feature = "cluster")]
use super::cluster::Nodes;
use super::credentials::Renewal;
use super::dial::connect_to_any;
use super::failed::Failed;
use super::keeper::{Keeper, not_sent};
use super::wire::{BlockingWire, has_rested};
use crate::clock::now_ms;

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

/// A connection that its holder may use at once.
pub(super) struct Idle {
    pub(super) wire: BlockingWire,
    /// Where it leads, if it leads to one server.
    address: Option<ConnectionAddr>,
    pub(super) used_ms: u64,
    /// When the address was last known to be right.
    verified_ms: u64,
    /// Of the credentials that it was made with.
    pub(super) renewal: Renewal,
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Idle {{ used_ms: {} }}", self.used_ms)
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Idle> {
        self.idle().pop()
    }

    pub(super) fn put_back(&self, idle: Idle) {
        let mut kept = self.idle();
        if kept.len() < MOST_IDLE {
            kept.push(idle);
        }
    }

    /// They are of no use any more.
    pub(super) fn forget(&self) {
        self.idle().clear();
    }
}

impl Keeper {
    /// A connection that nobody else holds: one that is there, or a new one.
    pub(super) fn take(&self) -> RedisResult<Idle> {
        self.take_for(&|| true)
    }

    /// The same for a command that may be repeated, or else would be lost on one that the server has closed.
    pub(super) fn take_for(&self, may_be_repeated: &dyn Fn() -> bool) -> RedisResult<Idle> {
        while let Some(mut idle) = self.pool.take() {
            if self.is_fit(&mut idle, may_be_repeated) {
                return Ok(idle);
            }
        }
        self.connect_blocking()
    }

    /// Whether it may be used for such a command.
    pub(super) fn is_fit(&self, idle: &mut Idle, may_be_repeated: &dyn Fn() -> bool) -> bool {
        if !self.settings.renew_blocking(idle) {
            return false;
        }
        let may_be_closed = || has_rested(idle.used_ms, now_ms()) && !may_be_repeated();
        self.is_fresh(idle) && !may_be_closed() || self.still_serves(idle)
    }

    /// Whether it may be used without being tried.
    fn is_fresh(&self, idle: &Idle) -> bool {
        let (now_ms, limit_ms) = (now_ms(), self.patience().idle_ms);
        let is_recent = |then_ms: u64| now_ms.saturating_sub(then_ms) < limit_ms;
        is_recent(idle.used_ms) && (is_recent(idle.verified_ms) || !self.source.moves())
    }

    /// Tries it, and asks where it ought to lead.
    fn still_serves(&self, idle: &mut Idle) -> bool {
        if self.source.moves()
            && let Ok(servers) = self
                .source
                .servers_blocking(&self.settings, idle.address.as_ref())
            && servers.first().map(ConnectionInfo::addr) != idle.address.as_ref()
        {
            self.pool.forget();
            return false;
        }
        idle.verified_ms = now_ms();
        self.still_answers(idle)
    }

    /// Tries it.
    pub(super) fn still_answers(&self, idle: &mut Idle) -> bool {
        let answer = idle.wire.req_command(&redis::cmd("PING"));
        idle.used_ms = now_ms();
        self.source.peer().is_well(&answer)
    }

    /// Sees to it that the servers of a cluster are known.
    #[cfg(feature = "cluster")]
    pub(super) fn know_cluster(&self, nodes: &Nodes) -> RedisResult<()> {
        if nodes.are_known() {
            nodes.look_up();
            return Ok(());
        }
        self.one_at_a_time(|| nodes.learn_blocking())
    }

    fn connect_blocking(&self) -> RedisResult<Idle> {
        self.one_at_a_time(|| self.open_blocking())
    }

    fn one_at_a_time<T>(&self, connect: impl FnOnce() -> RedisResult<T>) -> RedisResult<T> {
        let pool = &self.pool;
        let mut gate = pool.gate();
        let longest = self.source.connect_limit(&self.settings);
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
        gate.is_taken = true;
        let failed = gate.failed.clone();
        drop(gate);
        let taken = Taken(pool);
        if let Some(error) = failed.as_ref().and_then(|failed| failed.rest(now_ms())) {
            return Err(error);
        }
        let connected = connect().map_err(not_sent);
        pool.gate().failed = connected.as_ref().err().map(|error| {
            let error = error.clone();
            Failed::after(failed.as_ref(), error, now_ms())
        });
        drop(taken);
        connected
    }

    fn open_blocking(&self) -> RedisResult<Idle> {
        let settings = &self.settings;
        let begun = Instant::now();
        let servers = self.source.servers_blocking(settings, None)?;
        let connected = connect_to_any(servers, settings, begun)?;
        let mut wire = BlockingWire(connected.server);
        wire.set_timeouts(Some(settings.response_timeout))?;
        if let Some(name) = &settings.client_name {
            // Not worth failing for: it may not be allowed.
            let _ = wire.req_command(&name.command());
        }
        Ok(Idle {
            wire,
            address: Some(connected.address),
            used_ms: now_ms(),
            verified_ms: now_ms(),
            renewal: connected.renewal,
        })
    }
}

/// The gate, given back also if connecting panics.
struct Taken<'a>(&'a Pool);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.gate().is_taken = false;
        self.0.passed.notify_all();
    }
}
