//! How much waits in a journal, and for which keys: what decides whether a write may be sent directly.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::entry::Entry;
use crate::error::JournalError;
use crate::writes::write;

/// What a journal has room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// Counts of what waits. Of keys only hashes are kept: where two have the same, a write of one waits for the other's, and nothing else happens.
#[derive(Debug)]
pub(crate) struct Waiting {
    limits: Limits,
    hasher: RandomState,
    /// Also beside the lock, for those who only want to know whether there is anything.
    entries: AtomicU64,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    bytes: u64,
    of_key: HashMap<u64, u32>,
    /// By when they were accepted, in seconds since 1970.
    of_second: BTreeMap<u64, u64>,
}

/// A place for entries, which is given back if they are not kept.
#[derive(Debug)]
#[must_use]
pub(crate) struct Room {
    waiting: Arc<Waiting>,
    entries: u64,
    bytes: u64,
    keys: Vec<u64>,
    seconds: Vec<u64>,
}

impl Waiting {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            hasher: RandomState::new(),
            entries: AtomicU64::new(0),
            counts: Mutex::default(),
        }
    }

    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// How many writes wait.
    pub(crate) fn entries(&self) -> u64 {
        self.entries.load(Ordering::SeqCst)
    }

    /// How many bytes they take.
    pub(crate) fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// When the oldest of them was accepted, in seconds since 1970; `None`: nothing waits.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.lock().of_second.keys().next().copied()
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether one of these keys has a write that waits.
    pub(crate) fn has_one_of(&self, keys: &[&[u8]]) -> bool {
        if self.entries() == 0 {
            return false;
        }
        let counts = self.lock();
        keys.iter()
            .any(|key| counts.of_key.contains_key(&self.hash(key)))
    }

    /// Room for these, from before they are kept: who is told that one is, finds its key taken.
    ///
    /// # Errors
    /// If the journal is full.
    pub(crate) fn admit(self: &Arc<Self>, entries: &[Entry]) -> Result<Room, JournalError> {
        let room = self.room(entries);
        let mut counts = self.lock();
        let all_entries = self.entries().saturating_add(room.entries);
        let all_bytes = counts.bytes.saturating_add(room.bytes);
        if all_entries > self.limits.entries || all_bytes > self.limits.bytes {
            let error = JournalError::Full {
                entries: self.entries(),
                bytes: counts.bytes,
            };
            drop(counts);
            room.keep();
            return Err(error);
        }
        self.take(&mut counts, &room);
        Ok(room)
    }

    /// Counts what is there already.
    pub(crate) fn count(self: &Arc<Self>, entry: &Entry) {
        self.hold(entry).keep();
    }

    /// Counts what is there already, as long as the result is held. Whether there is room for it is not asked.
    pub(crate) fn hold(self: &Arc<Self>, entry: &Entry) -> Room {
        let room = self.room(std::slice::from_ref(entry));
        self.take(&mut self.lock(), &room);
        room
    }

    /// These wait no more.
    pub(crate) fn release(self: &Arc<Self>, entries: &[Entry]) {
        drop(self.room(entries));
    }

    fn room(self: &Arc<Self>, entries: &[Entry]) -> Room {
        Room {
            waiting: self.clone(),
            entries: entries.len() as u64,
            bytes: entries.iter().map(Entry::size).sum(),
            seconds: entries.iter().map(|entry| entry.at_ms / 1_000).collect(),
            keys: entries
                .iter()
                .flat_map(|entry| self.keys_of(entry))
                .collect(),
        }
    }

    /// The hashes of the keys that an entry works on.
    pub(crate) fn keys_of(&self, entry: &Entry) -> Vec<u64> {
        let mut hashes = Vec::with_capacity(1);
        for words in entry.commands() {
            for key in write(&words).into_iter().flat_map(|write| write.keys) {
                let hash = self.hash(key);
                if !hashes.contains(&hash) {
                    hashes.push(hash);
                }
            }
        }
        hashes
    }

    fn take(&self, counts: &mut Counts, room: &Room) {
        counts.bytes += room.bytes;
        for key in &room.keys {
            *counts.of_key.entry(*key).or_default() += 1;
        }
        for second in &room.seconds {
            *counts.of_second.entry(*second).or_default() += 1;
        }
        self.entries.fetch_add(room.entries, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// The entries are kept, until they are [released](Waiting::release).
    pub(crate) fn keep(mut self) {
        (self.entries, self.bytes) = (0, 0);
        self.keys.clear();
        self.seconds.clear();
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.entries == 0 {
            return;
        }
        let mut counts = self.waiting.lock();
        counts.bytes = counts.bytes.saturating_sub(self.bytes);
        for key in &self.keys {
            if let Some(count) = counts.of_key.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    counts.of_key.remove(key);
                }
            }
        }
        for second in &self.seconds {
            if let Some(count) = counts.of_second.get_mut(second) {
                *count -= 1;
                if *count == 0 {
                    counts.of_second.remove(second);
                }
            }
        }
        if counts.of_key.is_empty() {
            // What an outage has made it grow to is not needed for the next year.
            counts.of_key = HashMap::new();
        }
        self.waiting
            .entries
            .fetch_sub(self.entries, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str) -> Entry {
        Entry::of_command(redis::cmd("SET").arg(key).arg("v"), 0)
    }

    fn waiting(entries: u64, bytes: u64) -> Arc<Waiting> {
        Arc::new(Waiting::new(Limits { entries, bytes }))
    }

    #[test]
    fn a_key_is_taken_from_admission_to_release() {
        let waiting = waiting(10, 1_000);
        assert!(!waiting.has_one_of(&[b"a"]));
        waiting.admit(&[set("a")]).expect("room").keep();
        waiting.admit(&[set("a")]).expect("room").keep();
        assert!(waiting.has_one_of(&[b"b", b"a"]));
        assert!(!waiting.has_one_of(&[b"b"]));
        waiting.release(&[set("a")]);
        assert!(waiting.has_one_of(&[b"a"]));
        waiting.release(&[set("a")]);
        assert!(!waiting.has_one_of(&[b"a"]));
        assert_eq!((waiting.entries(), waiting.bytes()), (0, 0));
    }

    #[test]
    fn the_oldest_is_known_for_as_long_as_it_waits() {
        let waiting = waiting(10, 1_000);
        let at = |second: u64| {
            Entry::of_command(redis::cmd("SET").arg("a").arg("v"), second * 1_000 + 1)
        };
        assert_eq!(waiting.oldest(), None);
        waiting.admit(&[at(7), at(5)]).expect("room").keep();
        waiting.admit(&[at(5)]).expect("room").keep();
        drop(waiting.admit(&[at(1)]).expect("room"));
        waiting.release(&[at(5)]);
        assert_eq!(waiting.oldest(), Some(5), "there is another one");
        waiting.release(&[at(5)]);
        assert_eq!(waiting.oldest(), Some(7));
        waiting.release(&[at(7)]);
        assert_eq!(waiting.oldest(), None);
    }

    #[test]
    fn what_is_not_kept_gives_its_place_back() {
        let waiting = waiting(1, 1_000);
        drop(waiting.admit(&[set("a")]).expect("room"));
        assert_eq!((waiting.entries(), waiting.bytes()), (0, 0));
        waiting.admit(&[set("a")]).expect("room").keep();
    }

    #[test]
    fn there_is_no_more_than_room() {
        for waiting in [waiting(2, 1_000), waiting(10, 2 * set("a").size())] {
            waiting.admit(&[set("a"), set("b")]).expect("room").keep();
            let bytes = waiting.bytes();
            let error = waiting.admit(&[set("c")]).expect_err("it is full");
            assert!(
                matches!(error, JournalError::Full { entries: 2, .. }),
                "{error}"
            );
            assert_eq!((waiting.entries(), waiting.bytes()), (2, bytes));
            assert!(!waiting.has_one_of(&[b"c"]));
        }
    }
}
