//! What the parts of a journal in NATS have in common.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::index::Index;
use super::lease::Lease;
use super::options::Nats;
use super::record::Dead;
use crate::events::Events;
use crate::waiting::{Room, Waiting};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Nats,
    pub(super) waiting: Arc<Waiting>,
    /// Wakes what executes.
    pub(super) wake: Arc<Notify>,
    pub(super) events: Events,
    /// This process, and this opening of the journal.
    pub(super) me: u128,
    pub(super) lease: Lease,
    /// Messages that were read and cannot be understood.
    pub(super) strange: AtomicU64,
    index: Mutex<Index>,
    owed: Mutex<Vec<Owed>>,
    unsure: Mutex<Vec<(Instant, Room)>>,
}

/// What is to be said, and could not be yet.
#[derive(Debug)]
pub(super) enum Owed {
    Done(Vec<u64>),
    Dead(Dead),
}

impl Shared {
    pub(super) fn new(
        name: &'static str,
        options: Nats,
        waiting: Arc<Waiting>,
        wake: Arc<Notify>,
    ) -> Self {
        Self {
            lease: Lease::new(options.lease),
            options,
            index: Mutex::new(Index::new(waiting.clone())),
            waiting,
            wake,
            events: Events::of(name),
            me: fastrand::u128(..),
            strange: AtomicU64::new(0),
            owed: Mutex::default(),
            unsure: Mutex::default(),
        }
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn owe(&self, owed: Owed) {
        self.owed().push(owed);
    }

    pub(super) fn take_owed(&self) -> Vec<Owed> {
        std::mem::take(&mut *self.owed())
    }

    /// Keeps keys taken of which a write may still get into the journal.
    pub(super) fn is_unsure(&self, room: Room) {
        self.unsure().push((Instant::now(), room));
    }

    pub(super) fn has_unsure(&self) -> bool {
        !self.unsure().is_empty()
    }

    /// What has not arrived so long after it was sent does not.
    pub(super) fn forget_unsure(&self, older_than: Duration) {
        self.unsure()
            .retain(|(since, _)| since.elapsed() < older_than);
    }

    fn owed(&self) -> MutexGuard<'_, Vec<Owed>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unsure(&self) -> MutexGuard<'_, Vec<(Instant, Room)>> {
        self.unsure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An ID that no other message has.
pub(super) fn unique() -> String {
    format!("{:032x}", fastrand::u128(..))
}
