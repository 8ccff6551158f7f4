//! A journal in a directory: it survives the process.
//!
//! Why not a database: redb 4.6.0 and fjall 3.1.13 were tried, see `benches/README.md`. One damaged byte costs redb all that waits, and makes it panic
//! now and then; fjall loses what stands behind it without a word, and walks over all that was ever deleted to find the first entry. A queue
//! is written at its end and read from its beginning, which takes a log in segments:
//!
//! * Entries, and what says that one is done with, are [records](record) at the end of the last segment, over one `fsync` for all that came meanwhile.
//! * A segment of which nothing is needed any more is removed, from the oldest on; what is needed of sparse ones is made into one.
//! * In memory there is one bit for each entry, and its key's hash while it waits.

mod compaction;
mod directory;
mod head;
mod index;
mod letters;
mod numbers;
mod reader;
mod record;
mod recovery;
mod shared;
mod walk;
mod writer;

use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::directory::Directory;
use self::shared::Shared;
use self::walk::Walk;
use self::writer::{Order, Writer};
use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::keeper::{Acknowledgement, Keeper, Kept, Pass, Promise};
use crate::recovered::Recovered;
use crate::waiting::{Room, Waiting};

/// When a file is made to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// After each write.
    Each,
    /// After all writes that come in such a time.
    Group(Duration),
}

/// How large a segment gets, but for the batch that makes it full.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct FileKeeper {
    shared: Arc<Shared>,
    orders: Mutex<Option<Sender<Order>>>,
    writer: Option<JoinHandle<()>>,
}

/// How a directory is opened.
#[derive(Clone, Debug)]
pub(crate) struct Options<'a> {
    pub(crate) path: &'a Path,
    pub(crate) sync: Sync,
    /// Where Redis is, without a secret.
    pub(crate) target: &'a str,
    /// Whether entries for another one are for this one now.
    pub(crate) moved: bool,
}

impl FileKeeper {
    /// # Errors
    /// If the directory cannot be had, was written by a newer version, or has writes for another Redis.
    pub(crate) fn open(
        options: &Options<'_>,
        waiting: &Arc<Waiting>,
    ) -> Result<(Self, Recovered), JournalError> {
        Self::open_with(options, waiting, SEGMENT_BYTES)
    }

    fn open_with(
        options: &Options<'_>,
        waiting: &Arc<Waiting>,
        segment_bytes: u64,
    ) -> Result<(Self, Recovered), JournalError> {
        let directory = Directory::open(options.path)?;
        let found = recovery::recover(&directory, |entry| waiting.count(entry))?;
        if let Some(target) = found
            .target
            .filter(|target| target != options.target && !options.moved)
        {
            return Err(JournalError::OtherRedis {
                entries: found.recovered.waiting,
                journal: target,
                connector: options.target.to_owned(),
            });
        }
        let shared = Arc::new(Shared::new(directory, waiting.clone(), found.index));
        let mut writer = Writer::new(
            shared.clone(),
            options.sync,
            segment_bytes,
            options.target.to_owned(),
        );
        writer.begin().map_err(JournalError::storage)?;
        let (orders, receiver) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("redis-resilient-journal-file".to_owned())
            .spawn(move || writer.run(&receiver))
            .map_err(JournalError::storage)?;
        let keeper = Self {
            shared,
            orders: Mutex::new(Some(orders)),
            writer: Some(writer),
        };
        Ok((keeper, found.recovered))
    }

    fn order(&self, order: impl FnOnce(Promise<()>) -> Order) -> Acknowledgement<()> {
        let (promise, acknowledgement) = Acknowledgement::later();
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody takes it, the promise is dropped, which says that the journal is closed.
        if let Some(orders) = &*orders {
            let _ = orders.send(order(promise));
        }
        acknowledgement
    }
}

impl Keeper for FileKeeper {
    fn append(&self, entries: Vec<Entry>, room: Room) -> Acknowledgement<()> {
        if let Some(entry) = entries
            .iter()
            .find(|entry| !record::fits(entry.packed.len()))
        {
            let error = format!(
                "a write of {} bytes is too long for a file",
                entry.packed.len()
            );
            return Acknowledgement::known(Err(JournalError::storage(std::io::Error::other(
                error,
            ))));
        }
        self.order(|promise| Order::Append(entries, room, promise))
    }

    fn pass(&self) -> Box<dyn Pass> {
        Box::new(Walk::new(self.shared.clone()))
    }

    fn finish(&self, finished: Vec<Kept>) -> Acknowledgement<()> {
        self.order(|promise| Order::Finish(finished, promise))
    }

    fn bury(&self, kept: Kept, error: String) -> Acknowledgement<()> {
        self.order(|promise| Order::Bury(kept, error, promise))
    }

    fn dead_letters(&self) -> Vec<Arc<DeadLetter>> {
        self.shared.index().dead.all().cloned().collect()
    }

    fn dead(&self) -> usize {
        self.shared.index().dead.len()
    }

    fn exhume(&self, id: u64, again: Option<Room>) -> Acknowledgement<()> {
        let letter = self.shared.index().dead.get(id).cloned();
        let Some(letter) = letter else {
            return Acknowledgement::known(Ok(()));
        };
        let again = again.map(|room| (letter.entry.clone(), room));
        self.order(|promise| Order::Exhume(id, again, promise))
    }

    fn close(&self) -> Acknowledgement<()> {
        let acknowledgement = self.order(Order::Close);
        *self.orders.lock().unwrap_or_else(PoisonError::into_inner) = None;
        acknowledgement
    }
}

/// Has written what was asked for, and lets go of the directory.
impl Drop for FileKeeper {
    fn drop(&mut self) {
        *self.orders.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
