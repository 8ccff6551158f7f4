//! What is connected, and what has been seen of it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use redis::{ConnectionAddr, RedisError};
use tokio::runtime::{Handle, Id};

use super::beside::Beside;
use super::single_flight::Flight;
use crate::endpoint::Connected;
use crate::events::{Loss, Side};
use crate::manager::dedicated::IdleDedicated;
use crate::manager::liveness::Liveness;
use crate::manager::renew::Renewing;
use crate::raw::RawConnection;
use crate::settings::Settings;
use crate::settings::credentials::Renewal;

// Each is a hint by itself; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// The connections that were made together, until one of them is given up, and all with it.
#[derive(Debug)]
pub(crate) struct Generation {
    raws: Vec<RawConnection>,
    address: Option<ConnectionAddr>,
    /// When they were made, in milliseconds.
    since_ms: u64,
    turn: AtomicUsize,
    given_up: AtomicBool,
    /// Observers have been told of the loss.
    is_told: AtomicBool,
    pub(crate) liveness: Liveness,
    pub(crate) idle: Arc<IdleDedicated>,
    /// The one that hedges travel over, where there is but one otherwise.
    pub(crate) beside: Beside,
    /// When the server's address was last known to be right, in milliseconds.
    verified_ms: AtomicU64,
    /// The last time that it was tried, and asked where it ought to lead: once for all who wait for that.
    check: Mutex<Option<Arc<Check>>>,
    /// On which the connections are served.
    runtime: Id,
    /// Where the credentials do not last for ever.
    renewing: OnceLock<Renewing>,
    renewal: Renewal,
}

/// Whether it is still of use.
pub(crate) type Check = Flight<bool>;

impl Generation {
    /// Just connected: the handshake was an answer.
    pub(crate) fn new(connected: Connected, runtime: Id, now_ms: u64) -> Self {
        Self {
            raws: connected.raws,
            address: connected.address,
            since_ms: now_ms,
            turn: AtomicUsize::new(0),
            given_up: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
            liveness: Liveness::new(now_ms),
            idle: Arc::default(),
            beside: Beside::default(),
            verified_ms: AtomicU64::new(now_ms),
            check: Mutex::new(None),
            runtime,
            renewing: OnceLock::new(),
            renewal: connected.renewal,
        }
    }

    /// Whether it is served by the runtime that the caller is on. Another one may stand still.
    pub(crate) fn is_here(&self) -> bool {
        Handle::try_current().is_ok_and(|here| here.id() == self.runtime)
    }

    /// A check that may take so long: the one that is under way, or a new one.
    pub(crate) fn check(&self, limit: Duration) -> Arc<Check> {
        let mut last = self.check.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(check) = &*last {
            if check.is_under_way(limit) {
                return check.clone();
            }
            check.abandon();
        }
        let check = Flight::new();
        *last = Some(check.clone());
        check
    }

    /// Sees to it that they go on with new credentials in time.
    pub(crate) fn renews(self: &Arc<Self>, settings: &Settings) {
        if let Some(renewing) = Renewing::of(self, self.renewal, settings) {
            let _ = self.renewing.set(renewing);
        }
    }

    pub(crate) const fn since_ms(&self) -> u64 {
        self.since_ms
    }

    pub(crate) fn raws(&self) -> &[RawConnection] {
        &self.raws
    }

    /// The connection whose turn it is.
    pub(crate) fn raw(&self) -> Option<RawConnection> {
        let turn = self.turn.fetch_add(1, ORDER) % self.raws.len().max(1);
        self.raws.get(turn).cloned()
    }

    /// One of them that is another than the one with this number, if there is one.
    pub(crate) fn other_than(&self, number: usize) -> Option<RawConnection> {
        if number == 0 {
            return None;
        }
        let turn = self.turn.fetch_add(1, ORDER) % self.raws.len().max(1);
        let (before, after) = self.raws.split_at(turn);
        let mut others = after.iter().chain(before);
        others.find(|raw| raw.number() != number).cloned()
    }

    /// The same, after the one that was used last: where there is no other, that is kept.
    pub(crate) fn next(&self, raw: &mut Option<RawConnection>) {
        if raw.is_none() || self.raws.len() > 1 {
            *raw = self.raw();
        }
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(ORDER)
    }

    /// Without a word to observers: nothing has failed, or they know.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, ORDER);
    }

    /// Gives them up because they are lost; observers are told first, and once.
    pub(crate) fn lose(&self, settings: &Settings, loss: Loss, cause: impl FnOnce() -> RedisError) {
        if !self.is_given_up() && !self.is_told.swap(true, ORDER) {
            let address = self.leads_to();
            settings.tell(|events| events.lost(Side::Shared, loss, address, cause));
        }
        self.give_up();
    }

    pub(crate) const fn leads_to(&self) -> Option<&ConnectionAddr> {
        self.address.as_ref()
    }

    pub(crate) fn unverified_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.verified_ms.load(ORDER))
    }

    pub(crate) fn verified(&self, now_ms: u64) {
        self.verified_ms.store(now_ms, ORDER);
    }
}
