//! The entries that a consumer has in hand: from when they came until they are acknowledged, or somebody else's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

use super::entry::{Entry, EntryId};

/// Each is read by itself; what belongs together is in the server.
const ORDER: Ordering = Ordering::Relaxed;

/// What an entry in hand does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Place {
    /// For one before it, or for a free handler.
    Waiting,
    Running,
    /// Before its next attempt.
    Resting,
    /// It is handled, and the server is told.
    Settling,
}

/// One entry in hand.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) entry: Entry,
    begun: AtomicU32,
    place: AtomicU8,
    is_only_here: AtomicBool,
    is_taken: AtomicBool,
    is_settled: AtomicBool,
}

impl Held {
    pub(super) fn new(entry: Entry, begun: u32) -> Self {
        Self {
            entry,
            begun: AtomicU32::new(begun),
            place: AtomicU8::new(Place::Waiting as u8),
            is_only_here: AtomicBool::new(false),
            is_taken: AtomicBool::new(false),
            is_settled: AtomicBool::new(false),
        }
    }

    pub(super) const fn id(&self) -> EntryId {
        self.entry.id
    }

    /// How many attempts have begun.
    pub(super) fn begun(&self) -> u32 {
        self.begun.load(ORDER)
    }

    pub(super) fn begin(&self, attempt: u32) {
        self.begun.store(attempt, ORDER);
    }

    pub(super) fn is_at(&self, place: Place) -> bool {
        self.place.load(ORDER) == place as u8
    }

    /// Nobody but this consumer has it: it cannot be acknowledged, nor handed back.
    pub(super) fn is_only_here(&self) -> bool {
        self.is_only_here.load(ORDER)
    }

    pub(super) fn stays_only_here(&self) {
        self.is_only_here.store(true, ORDER);
    }

    fn delivered_again(&self) {
        self.set_taken(false);
        self.is_only_here.store(false, ORDER);
    }

    /// Another consumer has taken it over.
    pub(super) fn is_taken(&self) -> bool {
        self.is_taken.load(ORDER)
    }

    pub(super) fn set_taken(&self, is_taken: bool) {
        self.is_taken.store(is_taken, ORDER);
    }

    /// It is acknowledged already, by its handler.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled.load(ORDER)
    }

    pub(super) fn settle(&self) {
        self.is_settled.store(true, ORDER);
    }
}

#[derive(Debug, Default)]
struct Inner {
    held: HashMap<EntryId, Arc<Held>>,
    tasks: HashMap<EntryId, AbortHandle>,
    /// The last of each order, and what tells that it has left.
    last: HashMap<u64, (EntryId, oneshot::Receiver<()>)>,
}

#[derive(Debug, Default)]
pub(super) struct Hand {
    inner: Mutex<Inner>,
    changed: Notify,
}

impl Hand {
    /// Takes an entry in hand, in the order of this key if there is one. `None`: it is there already.
    pub(super) fn take(self: &Arc<Self>, held: Held, key: Option<u64>) -> Option<(Stay, Turn)> {
        let mut inner = self.lock();
        let id = held.id();
        if let Some(there) = inner.held.get(&id) {
            // What has the ID of another entry is another stream's, and is found again when that one has left.
            if there.entry == held.entry {
                there.delivered_again();
            }
            return None;
        }
        let held = Arc::new(held);
        inner.held.insert(id, held.clone());
        let (leaves, left) = oneshot::channel();
        let before = key.and_then(|key| inner.last.insert(key, (id, left)));
        let stay = Stay {
            hand: self.clone(),
            held,
            key,
            _leaves: leaves,
        };
        Some((stay, Turn(before.map(|(_, left)| left))))
    }

    /// With what its task can be ended.
    pub(super) fn runs(&self, id: EntryId, task: AbortHandle) {
        let mut inner = self.lock();
        if inner.held.contains_key(&id) {
            inner.tasks.insert(id, task);
        }
    }

    /// How many there are, and how many of them rest.
    pub(super) fn count(&self) -> (usize, usize) {
        let inner = self.lock();
        let held = inner.held.values();
        let resting = held.filter(|held| held.is_at(Place::Resting)).count();
        (inner.held.len(), resting)
    }

    /// All that the server is told of.
    pub(super) fn all(&self) -> Vec<Arc<Held>> {
        let inner = self.lock();
        let held = inner.held.values();
        let known = held.filter(|held| !held.is_only_here() && !held.is_settled());
        known.cloned().collect()
    }

    /// An entry has left, or has gone elsewhere in hand, since the last time that somebody waited here.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn moves(&self, held: &Held, place: Place) {
        held.place.store(place as u8, ORDER);
        self.changed.notify_one();
    }

    /// Ends the tasks of all. They leave when their tasks have ended.
    pub(super) fn abort(&self) {
        for task in self.lock().tasks.values() {
            task.abort();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves when the entry before has left.
#[derive(Debug)]
pub(super) struct Turn(Option<oneshot::Receiver<()>>);

impl Turn {
    /// Whether there is none before.
    pub(super) const fn is_now(&self) -> bool {
        self.0.is_none()
    }

    pub(super) async fn comes(self) {
        if let Some(left) = self.0 {
            // Nothing is sent: the other end is dropped.
            let _ = left.await;
        }
    }
}

/// While this is there, the entry is in hand.
#[derive(Debug)]
pub(super) struct Stay {
    hand: Arc<Hand>,
    held: Arc<Held>,
    key: Option<u64>,
    _leaves: oneshot::Sender<()>,
}

impl Stay {
    pub(super) const fn held(&self) -> &Arc<Held> {
        &self.held
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let mut inner = self.hand.lock();
        let id = self.held.id();
        inner.held.remove(&id);
        inner.tasks.remove(&id);
        let is_last = |key: &u64| inner.last.get(key).is_some_and(|(last, _)| *last == id);
        if let Some(key) = self.key.filter(is_last) {
            inner.last.remove(&key);
        }
        drop(inner);
        self.hand.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: &str) -> Held {
        let entry = Entry {
            id: id.parse().expect("an ID"),
            fields: Vec::new(),
        };
        Held::new(entry, 0)
    }

    #[tokio::test]
    async fn entries_of_a_key_wait_for_those_before_them() {
        let hand = Arc::new(Hand::default());
        let (first, turn) = hand.take(held("1-0"), Some(7)).expect("new");
        assert!(turn.is_now());
        let (second, of_second) = hand.take(held("2-0"), Some(7)).expect("new");
        let (_other, of_other) = hand.take(held("3-0"), Some(8)).expect("new");
        assert!(!of_second.is_now() && of_other.is_now());
        drop(first);
        of_second.comes().await;
        drop(second);
        let (_third, of_third) = hand.take(held("4-0"), Some(7)).expect("new");
        assert!(of_third.is_now());
        assert_eq!(hand.lock().last.len(), 2);
    }

    #[tokio::test]
    async fn an_entry_is_in_hand_once_and_leaves_nothing_behind() {
        let hand = Arc::new(Hand::default());
        let (stay, _) = hand.take(held("1-0"), Some(7)).expect("new");
        stay.held().set_taken(true);
        assert!(hand.take(held("1-0"), Some(7)).is_none());
        assert!(!stay.held().is_taken(), "it was delivered to us again");
        hand.moves(stay.held(), Place::Resting);
        assert_eq!(hand.count(), (1, 1));
        stay.held().stays_only_here();
        assert!(hand.all().is_empty());
        drop(stay);
        assert_eq!(hand.count(), (0, 0));
        assert!(hand.lock().last.is_empty());
        hand.changed().await;
    }
}
