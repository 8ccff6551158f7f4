//! What is connected, and what has been seen of it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redis::ConnectionAddr;

use super::silence::Silence;
use super::slot;
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
    /// Of the server; of a cluster, by ranges of its slots.
    silences: Box<[Silence]>,
    /// Connections for commands that wait in the server, while none of them uses it: they would hold up all others.
    spare: Mutex<Vec<Wire>>,
    /// When the server's address was last known to be right, in milliseconds.
    verified_ms: AtomicU64,
    /// One at a time tries it, or asks where it ought to lead; all others wait for that.
    pub(super) checking: tokio::sync::Mutex<()>,
    /// Whether another one is made, to take its place.
    is_replaced: AtomicBool,
}

impl Live {
    /// Just connected, to something with so many parts that fall silent by themselves: the handshake was an answer.
    pub(super) fn new(connected: Connected, parts: usize, now_ms: u64) -> Self {
        Self {
            wires: connected.wires,
            address: connected.address,
            turn: AtomicUsize::new(0),
            given_up: AtomicBool::new(false),
            silences: (0..parts).map(|_| Silence::new(now_ms)).collect(),
            spare: Mutex::new(Vec::new()),
            verified_ms: AtomicU64::new(now_ms),
            checking: tokio::sync::Mutex::new(()),
            is_replaced: AtomicBool::new(false),
        }
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

    /// What has been heard of the servers that have this slot; of the only one, whatever the slot.
    pub(super) fn silence(&self, slot: usize) -> Option<&Silence> {
        self.silences.get(slot * self.silences.len() / slot::SLOTS)
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

    /// Leave to make another one that takes its place; `None` where somebody has it.
    pub(super) fn begins_replacement(self: &Arc<Self>) -> Option<Replacing> {
        let is_first = !self.is_replaced.swap(true, ORDER);
        is_first.then(|| Replacing(self.clone()))
    }
}

/// Another one is made, until this is dropped.
pub(super) struct Replacing(Arc<Live>);

impl Drop for Replacing {
    fn drop(&mut self) {
        self.0.is_replaced.store(false, ORDER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(parts: usize) -> Arc<Live> {
        let nothing = Connected {
            wires: Vec::new(),
            address: None,
        };
        Arc::new(Live::new(nothing, parts, 1000))
    }

    #[test]
    fn ranges_of_slots_are_silent_by_themselves() {
        let lasts = |live: &Live, slot| live.silence(slot).map(|silence| silence.lasts_ms(2000));
        let cluster = live(64);
        cluster
            .silence(255)
            .into_iter()
            .for_each(|silence| silence.answered(2000));
        assert_eq!(lasts(&cluster, 0), Some(0));
        assert_eq!(lasts(&cluster, 256), Some(1000));
        assert_eq!(lasts(&cluster, slot::SLOTS - 1), Some(1000));
        let server = live(1);
        server
            .silence(255)
            .into_iter()
            .for_each(|silence| silence.answered(2000));
        assert_eq!(lasts(&server, slot::SLOTS - 1), Some(0));
    }

    #[test]
    fn one_at_a_time_makes_another() {
        let live = live(1);
        let first = live.begins_replacement();
        assert!(first.is_some());
        assert!(live.begins_replacement().is_none());
        drop(first);
        assert!(live.begins_replacement().is_some());
    }
}
