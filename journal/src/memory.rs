//! A journal in memory: it survives Redis, and not the process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::keeper::{Acknowledgement, Keeper, Kept, Pass};
use crate::waiting::{Room, Waiting};

#[derive(Debug)]
pub(crate) struct Memory {
    waiting: Arc<Waiting>,
    store: Arc<Mutex<Store>>,
}

#[derive(Debug, Default)]
struct Store {
    last: u64,
    /// In the order of their numbers.
    entries: BTreeMap<u64, Entry>,
    dead: BTreeMap<u64, Arc<DeadLetter>>,
    is_closed: bool,
}

struct Walk {
    store: Arc<Mutex<Store>>,
    after: u64,
}

impl Memory {
    pub(crate) fn new(waiting: Arc<Waiting>) -> Self {
        Self {
            waiting,
            store: Arc::default(),
        }
    }
}

fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    fn push(&mut self, entry: Entry) {
        self.last += 1;
        self.entries.insert(self.last, entry);
    }
}

impl Keeper for Memory {
    fn append(&self, entries: Vec<Entry>, room: Room) -> Acknowledgement<()> {
        let mut store = lock(&self.store);
        if store.is_closed {
            return Acknowledgement::known(Err(JournalError::Closed));
        }
        for entry in entries {
            store.push(entry);
        }
        room.keep();
        Acknowledgement::known(Ok(()))
    }

    fn pass(&self) -> Box<dyn Pass> {
        Box::new(Walk {
            store: self.store.clone(),
            after: 0,
        })
    }

    fn finish(&self, finished: Vec<Kept>) -> Acknowledgement<()> {
        let mut store = lock(&self.store);
        let there: Vec<_> = finished
            .iter()
            .filter_map(|kept| store.entries.remove(&kept.number))
            .collect();
        drop(store);
        self.waiting.release(&there);
        Acknowledgement::known(Ok(()))
    }

    fn bury(&self, kept: Kept, error: String) -> Acknowledgement<()> {
        let mut store = lock(&self.store);
        let Kept { number, entry } = kept;
        if store.entries.remove(&number).is_none() {
            return Acknowledgement::known(Ok(()));
        }
        let letter = DeadLetter {
            number,
            entry,
            error,
        };
        self.waiting.release(std::slice::from_ref(&letter.entry));
        store.dead.insert(number, Arc::new(letter));
        Acknowledgement::known(Ok(()))
    }

    fn dead_letters(&self) -> Vec<Arc<DeadLetter>> {
        lock(&self.store).dead.values().cloned().collect()
    }

    fn dead(&self) -> usize {
        lock(&self.store).dead.len()
    }

    fn exhume(&self, id: u64, again: Option<Room>) -> Acknowledgement<()> {
        let mut store = lock(&self.store);
        if let (Some(letter), Some(room)) = (store.dead.remove(&id), again) {
            store.push(letter.entry.clone());
            room.keep();
        }
        Acknowledgement::known(Ok(()))
    }

    fn close(&self) -> Acknowledgement<()> {
        lock(&self.store).is_closed = true;
        Acknowledgement::known(Ok(()))
    }
}

impl Pass for Walk {
    fn next(&mut self, most: usize) -> Acknowledgement<Vec<Kept>> {
        let store = lock(&self.store);
        let range = store.entries.range(self.after + 1..);
        let kept: Vec<_> = range
            .take(most)
            .map(|(number, entry)| Kept {
                number: *number,
                entry: entry.clone(),
            })
            .collect();
        drop(store);
        if let Some(last) = kept.last() {
            self.after = last.number;
        }
        Acknowledgement::known(Ok(kept))
    }
}
