//! What is connected, and what has been seen of it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use redis::ConnectionAddr;

use super::companion::Companion;
use super::credentials::{Renewal, Renewing};
use super::settings::Settings;
use super::silence::Silence;
use super::source::Connected;
use super::wire::Wire;

// Each is a hint by itself; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// The connections that were made together, until one of them is given up, and all with it.
#[derive(Debug)]
pub(super) struct Live {
    wires: Vec<Wire>,
    address: Option<ConnectionAddr>,
    turn: AtomicUsize,
    given_up: AtomicBool,
    pub(super) silence: Silence,
    /// Connections for commands that wait in the server, while none of them uses it: they would hold up all others.
    spare: Mutex<Vec<Wire>>,
    /// When the server's address was last known to be right, in milliseconds.
    verified_ms: AtomicU64,
    /// One at a time tries it, or asks where it ought to lead; all others wait for that.
    pub(super) checking: tokio::sync::Mutex<()>,
    /// Lasts as long as the runtime on which the connections live.
    companion: OnceLock<Companion>,
    /// Where the credentials do not last for ever.
    renewing: OnceLock<Renewing>,
    renewal: Renewal,
}

impl Live {
    /// Just connected: the handshake was an answer.
    pub(super) fn new(connected: Connected, now_ms: u64) -> Self {
        Self {
            wires: connected.wires,
            address: connected.address,
            turn: AtomicUsize::new(0),
            given_up: AtomicBool::new(false),
            silence: Silence::new(now_ms),
            spare: Mutex::new(Vec::new()),
            verified_ms: AtomicU64::new(now_ms),
            checking: tokio::sync::Mutex::new(()),
            companion: OnceLock::new(),
            renewing: OnceLock::new(),
            renewal: connected.renewal,
        }
    }

    /// Sees to it that they are given up when this runtime ends, and the tasks that serve them with it: an application's tests have a runtime
    /// each.
    pub(super) fn ends_with_runtime(self: &Arc<Self>) {
        let live = Arc::downgrade(self);
        let _ = self.companion.set(Companion::new(move || {
            if let Some(live) = live.upgrade() {
                live.give_up();
            }
        }));
    }

    /// Sees to it that they go on with new credentials in time.
    pub(super) fn renews(self: &Arc<Self>, settings: &Settings) {
        if let Some(renewing) = Renewing::of(self, self.renewal, settings) {
            let _ = self.renewing.set(renewing);
        }
    }

    pub(super) fn wires(&self) -> &[Wire] {
        &self.wires
    }

    pub(super) fn take_spare(&self) -> Option<Wire> {
        self.spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    pub(super) fn put_back(&self, spare: Wire) {
        let mut spares = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spares.push(spare);
    }

    /// The connection whose turn it is.
    pub(super) fn wire(&self) -> Option<Wire> {
        let turn = self.turn.fetch_add(1, ORDER) % self.wires.len().max(1);
        self.wires.get(turn).cloned()
    }

    /// The same, after the one that was used last: where there is no other, that is kept.
    pub(super) fn next(&self, wire: &mut Option<Wire>) {
        if wire.is_none() || self.wires.len() > 1 {
            *wire = self.wire();
        }
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(ORDER)
    }

    pub(super) fn give_up(&self) {
        self.given_up.store(true, ORDER);
    }

    pub(super) const fn leads_to(&self) -> Option<&ConnectionAddr> {
        self.address.as_ref()
    }

    pub(super) fn unverified_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.verified_ms.load(ORDER))
    }

    pub(super) fn verified(&self, now_ms: u64) {
        self.verified_ms.store(now_ms, ORDER);
    }
}
