//! The thread that writes: what is asked of it meanwhile goes together, over one `fsync`.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::compaction::compact;
use super::head::Head;
use super::index::Segment;
use super::record::{self, Kind};
use super::recovery::dead_payload;
use super::shared::Shared;
use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::file::Sync;
use crate::keeper::{Kept, Promise};
use crate::waiting::Room;

/// What is asked of the writer.
#[derive(Debug)]
pub(super) enum Order {
    Append(Vec<Entry>, Room, Promise<()>),
    Finish(Vec<Kept>, Promise<()>),
    Bury(Kept, String, Promise<()>),
    Exhume(u64, Option<(Entry, Room)>, Promise<()>),
    Close(Promise<()>),
}

/// So many orders go together at most.
const TOGETHER: usize = 4_096;

/// And so many bytes, but for a single order that has more.
const TOGETHER_BYTES: usize = 4 * 1024 * 1024;

/// After what time it is tried again to write down what is owed.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    sync: Sync,
    segment_bytes: u64,
    target: String,
    /// The last segment, if it can be written.
    file: Option<File>,
    /// Entries that Redis has executed, which could not be written down. They are not read again by this process, and their keys stay taken: a
    /// direct write would be overwritten by them, if this process died.
    owed: Vec<Kept>,
}

/// What becomes of a batch when it has been written.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    appended: Vec<u64>,
    rooms: Vec<Room>,
    finished: Vec<Kept>,
    dead: Vec<DeadLetter>,
    exhumed: Vec<u64>,
    promises: Vec<Promise<()>>,
}

impl Writer {
    pub(super) const fn new(
        shared: Arc<Shared>,
        sync: Sync,
        segment_bytes: u64,
        target: String,
    ) -> Self {
        Self {
            shared,
            sync,
            segment_bytes,
            target,
            file: None,
            owed: Vec::new(),
        }
    }

    /// Begins a new segment: what earlier processes have written stays as it is.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        let (number, next) = {
            let index = self.shared.index();
            let last = index.segments.back().map_or(0, |segment| segment.number);
            (last + 1, index.next)
        };
        let mut file = self.shared.directory.create(number)?;
        let mut bytes = Vec::new();
        let head = Head::new(None, (next, next), &self.target);
        record::write(&mut bytes, number, Kind::Head, 0, &head.to_bytes());
        file.write_all(&bytes)
            .and_then(|()| file.sync_data())
            .inspect_err(|_| {
                // Or its number could not be used again.
                let _ = self.shared.directory.remove(number);
            })?;
        let mut segment = Segment::new(number);
        segment.bytes = bytes.len() as u64;
        self.shared.index().segments.push_back(segment);
        self.file = Some(file);
        Ok(())
    }

    /// Works until nobody can ask for anything any more, or to close is what is asked.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let mut together = match self.wait(orders) {
                Ok(order) => vec![order],
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.gather(&mut together, orders);
            let closing = match together.last() {
                Some(Order::Close(_)) => together.pop(),
                _ => None,
            };
            self.execute(together);
            if let Some(Order::Close(promise)) = closing {
                self.file = None;
                self.shared.directory.release();
                let _ = promise.send(Ok(()));
                return;
            }
        }
    }

    fn wait(&self, orders: &Receiver<Order>) -> Result<Order, RecvTimeoutError> {
        if self.owed.is_empty() {
            return orders.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        orders.recv_timeout(AGAIN)
    }

    /// What else is asked for, in the time that is given for it.
    fn gather(&self, together: &mut Vec<Order>, orders: &Receiver<Order>) {
        let Sync::Group(window) = self.sync else {
            return;
        };
        let until = Instant::now() + window;
        let mut bytes = 0;
        while together.len() < TOGETHER && bytes < TOGETHER_BYTES {
            let next = match orders.try_recv() {
                Ok(order) => order,
                Err(_) => {
                    match orders.recv_timeout(until.saturating_duration_since(Instant::now())) {
                        Ok(order) => order,
                        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
                    }
                }
            };
            if let Order::Append(entries, ..) = &next {
                bytes += entries
                    .iter()
                    .map(|entry| entry.packed.len())
                    .sum::<usize>();
            }
            let is_last = matches!(next, Order::Close(_));
            together.push(next);
            if is_last {
                return;
            }
        }
    }

    fn execute(&mut self, orders: Vec<Order>) {
        if self.file.is_none() {
            // If it fails, the write below does as well, and says why.
            let _ = self.begin();
        }
        let segment = self
            .shared
            .index()
            .segments
            .back()
            .map_or(0, |segment| segment.number);
        let mut batch = Batch::default();
        let mut next = self.shared.index().next;
        for order in orders {
            self.prepare(order, segment, &mut next, &mut batch);
        }
        let was_open = self.file.is_some();
        match self.write(segment, &mut batch) {
            Ok(()) => self.written(segment, next, batch),
            Err(error) => {
                if was_open && self.file.is_none() {
                    // Entries with these numbers may be on disk. Others that had the same would be taken for them.
                    self.shared.index().next = next;
                }
                self.not_written(&JournalError::storage(error), batch);
            }
        }
        self.tidy_up();
    }

    fn prepare(&self, order: Order, segment: u64, next: &mut u64, batch: &mut Batch) {
        let mut append = |bytes: &mut Vec<u8>, entry: &Entry| {
            record::write(bytes, segment, Kind::Entry, *next, &entry.to_bytes());
            *next += 1;
            *next - 1
        };
        match order {
            Order::Append(entries, room, promise) => {
                for entry in &entries {
                    let number = append(&mut batch.bytes, entry);
                    batch.appended.push(number);
                }
                batch.rooms.push(room);
                batch.promises.push(promise);
            }
            Order::Finish(kept, promise) => {
                let mut index = self.shared.index();
                let new = kept.into_iter().filter(|kept| index.finish(kept.number));
                batch.finished.extend(new);
                batch.promises.push(promise);
            }
            Order::Bury(Kept { number, entry }, error, promise) => {
                if self.shared.index().is_live(number) {
                    let letter = DeadLetter {
                        number,
                        entry,
                        error,
                    };
                    record::write(
                        &mut batch.bytes,
                        segment,
                        Kind::Dead,
                        number,
                        &dead_payload(&letter),
                    );
                    batch.dead.push(letter);
                }
                batch.promises.push(promise);
            }
            Order::Exhume(number, again, promise) => {
                if let Some((entry, room)) = again {
                    let again = append(&mut batch.bytes, &entry);
                    batch.appended.push(again);
                    batch.rooms.push(room);
                }
                record::write(&mut batch.bytes, segment, Kind::Exhumed, number, b"");
                batch.exhumed.push(number);
                batch.promises.push(promise);
            }
            // It comes last, and is taken out before.
            Order::Close(promise) => batch.promises.push(promise),
        }
    }

    fn write(&mut self, segment: u64, batch: &mut Batch) -> io::Result<()> {
        batch.finished.append(&mut self.owed);
        if !batch.finished.is_empty() {
            let low_water = self.shared.index().low_water();
            let mut numbers: Vec<_> = batch.finished.iter().map(|kept| kept.number).collect();
            let rows = record::rows(&mut numbers);
            record::write(&mut batch.bytes, segment, Kind::Finished, low_water, &rows);
        }
        self.write_bytes(&batch.bytes)
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let kept = self
            .shared
            .index()
            .segments
            .back()
            .map_or(0, |segment| segment.bytes);
        let file = self
            .file
            .as_mut()
            .ok_or_else(|| io::Error::other("no file can be written in its directory"))?;
        let written = file.write_all(bytes).and_then(|()| file.sync_data());
        if written.is_err() && file.set_len(kept).is_err() {
            // What was half written stays. Nothing is written behind it.
            self.file = None;
        }
        written
    }

    fn written(&self, segment: u64, next: u64, batch: Batch) {
        {
            let mut index = self.shared.index();
            index.next = next;
            if let Some(last) = index.segments.back_mut() {
                last.bytes += batch.bytes.len() as u64;
                batch
                    .appended
                    .iter()
                    .for_each(|number| last.numbers.push(*number));
            }
            for number in batch.exhumed {
                index.dead.remove(number);
            }
            for letter in batch.dead {
                index.finish(letter.number);
                self.shared
                    .waiting
                    .release(std::slice::from_ref(&letter.entry));
                index.dead.put(segment, Arc::new(letter));
            }
        }
        batch.rooms.into_iter().for_each(Room::keep);
        let finished: Vec<_> = batch.finished.into_iter().map(|kept| kept.entry).collect();
        self.shared.waiting.release(&finished);
        for promise in batch.promises {
            let _ = promise.send(Ok(()));
        }
    }

    /// Nothing of it is kept.
    fn not_written(&mut self, error: &JournalError, batch: Batch) {
        self.owed = batch.finished;
        for promise in batch.promises {
            let _ = promise.send(Err(error.clone()));
        }
    }

    /// Removes what holds nothing any more, and begins another segment when one is full. What fails is tried again after the next batch.
    fn tidy_up(&mut self) {
        let is_full = self
            .shared
            .index()
            .segments
            .back()
            .is_some_and(|segment| segment.bytes >= self.segment_bytes);
        if is_full && self.begin().is_err() {
            return;
        }
        let _ = self.remove_emptied();
        let sparse = self.shared.index().sparse(self.segment_bytes);
        if sparse > 0 {
            let _ = compact(&self.shared, &self.target, sparse);
        }
    }

    fn remove_emptied(&self) -> io::Result<()> {
        // From the oldest on: what says that an entry is done with is behind it, and goes after it.
        let emptied = self.shared.index().emptied();
        for _ in 0..emptied {
            let oldest = self
                .shared
                .index()
                .segments
                .front()
                .map(|segment| segment.number);
            if let Some(number) = oldest {
                self.shared.directory.remove(number)?;
                self.shared.index().segments.pop_front();
            }
        }
        Ok(())
    }
}
