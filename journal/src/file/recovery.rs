//! What is found in a directory: whatever has happened to it, all that is whole.

use std::io;
use std::sync::Arc;

use super::directory::Directory;
use super::head::{Head, VERSION};
use super::index::{Index, Segment};
use super::reader::Reader;
use super::record::{Kind, Record, of_rows};
use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::recovered::Recovered;

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) index: Index,
    pub(super) recovered: Recovered,
    /// For which Redis the entries are that wait; of the last segment that says so.
    pub(super) target: Option<String>,
}

#[derive(Debug, Default)]
struct Recovery {
    index: Index,
    target: Option<String>,
    damaged: u64,
    /// All entries before that number are done with.
    low_water: u64,
    /// Numbers of which there is no entry, from the first to the last.
    missing: Vec<(u64, u64)>,
    /// Numbers of which it is said that they are done with.
    finished: Vec<(u64, u64)>,
    /// Entries of compacted segments that are not there.
    lost: u64,
}

/// Reads all segments, and gives each entry that waits to `each`.
pub(super) fn recover(
    directory: &Directory,
    mut each: impl FnMut(&Entry),
) -> Result<Found, JournalError> {
    let mut recovery = Recovery::default();
    recovery.index.next = 1;
    for number in directory.segments().map_err(JournalError::storage)? {
        recovery.segment(directory, number)?;
    }
    let (index, lost) = (&recovery.index, recovery.lost());
    // Which of them wait is known when all has been read.
    for segment in index
        .segments
        .iter()
        .filter(|segment| segment.numbers.live() > 0)
    {
        let mut reader = reader(directory, segment.number).map_err(JournalError::storage)?;
        let mut met = 0;
        while let Some(record) = reader.next().map_err(JournalError::storage)? {
            if record.kind == Kind::Entry
                && record.number > met
                && segment.numbers.is_live(record.number)
            {
                met = record.number;
                if let Some(entry) = Entry::from_bytes(record.payload) {
                    each(&entry);
                }
            }
        }
    }
    let waiting = index
        .segments
        .iter()
        .map(|segment| segment.numbers.live())
        .sum();
    Ok(Found {
        recovered: Recovered {
            waiting,
            dead: index.dead.len() as u64,
            lost,
            damaged_bytes: recovery.damaged,
        },
        target: recovery.target.filter(|_| waiting > 0),
        index: recovery.index,
    })
}

fn reader(directory: &Directory, number: u64) -> io::Result<Reader> {
    let file = directory.read(number)?;
    let length = file.metadata()?.len();
    Ok(Reader::new(file, number, length))
}

impl Recovery {
    fn segment(&mut self, directory: &Directory, number: u64) -> Result<(), JournalError> {
        let mut reader = reader(directory, number).map_err(JournalError::storage)?;
        self.index.segments.push_back(Segment::new(number));
        let mut compacted = None;
        let mut entries = 0;
        while let Some(record) = reader.next().map_err(JournalError::storage)? {
            match record.kind {
                Kind::Head => {
                    if let Some(head) = Head::from_bytes(record.payload) {
                        compacted = self.head(head)?;
                    }
                }
                Kind::Entry => entries += u64::from(self.entry(&record, compacted.is_some())),
                Kind::Finished => self.finished(&record),
                Kind::Dead => self.dead(&record, number),
                Kind::Exhumed => self.index.dead.remove(record.number),
            }
        }
        if let Some((count, next)) = compacted {
            self.lost += count.saturating_sub(entries);
            self.index.next = self.index.next.max(next);
        }
        self.damaged += reader.damaged();
        if let Some(segment) = self.index.segments.back_mut() {
            let length = directory.read(number).and_then(|file| file.metadata());
            segment.bytes = length.map_err(JournalError::storage)?.len();
        }
        Ok(())
    }

    /// How many entries a compacted segment had, and the number after them.
    fn head(&mut self, head: Head) -> Result<Option<(u64, u64)>, JournalError> {
        if head.version > VERSION {
            return Err(JournalError::NewerFormat {
                version: head.version,
            });
        }
        self.target = Some(head.target);
        if head.compacted.is_none() {
            // What the segment before has lost at its end.
            self.gap(head.first);
            self.index.next = self.index.next.max(head.first);
        }
        Ok(head.compacted.map(|count| (count, head.next)))
    }

    /// Whether it is one that has not been met before: a segment that was made into another may be there still.
    fn entry(&mut self, record: &Record<'_>, is_compacted: bool) -> bool {
        let is_new = match self
            .index
            .segments
            .iter()
            .rev()
            .find_map(|segment| segment.numbers.last())
        {
            Some(last) => record.number > last,
            None => true,
        };
        if !is_new {
            return false;
        }
        if !is_compacted {
            self.gap(record.number);
        }
        if let Some(segment) = self.index.segments.back_mut() {
            segment.numbers.push(record.number);
            if Entry::from_bytes(record.payload).is_none() {
                // It was written by something else than this.
                segment.numbers.finish(record.number);
                self.lost += 1;
            }
        }
        self.index.next = self.index.next.max(record.number.saturating_add(1));
        true
    }

    /// The next number is this one, and those between are not there.
    fn gap(&mut self, number: u64) {
        let is_first = self.index.segments.len() <= 1
            && self
                .index
                .segments
                .iter()
                .all(|segment| segment.numbers.count() == 0);
        if number > self.index.next && !is_first {
            self.missing.push((self.index.next, number - 1));
        }
    }

    fn finished(&mut self, record: &Record<'_>) {
        // Its number says that all before that are done with: should the record that said so of one be damaged, this one heals it.
        let before = (record.number > self.low_water).then(|| (self.low_water, record.number - 1));
        self.low_water = self.low_water.max(record.number);
        for (first, last) in before.into_iter().chain(of_rows(record.payload)) {
            self.index.finish_row(first, last);
            self.finished.push((first, last));
        }
    }

    fn dead(&mut self, record: &Record<'_>, segment: u64) {
        let Some(letter) = letter(record) else {
            return;
        };
        self.index.finish(record.number);
        self.finished.push((record.number, record.number));
        self.index.dead.put(segment, Arc::new(letter));
    }

    /// How many entries waited and are not there.
    fn lost(&self) -> u64 {
        let finished = merged(self.finished.clone());
        let missing = merged(self.missing.clone());
        let gone: u64 = missing.iter().map(|(first, last)| last - first + 1).sum();
        let known: u64 = missing
            .iter()
            .flat_map(|missing| {
                finished
                    .iter()
                    .map(move |finished| common(*missing, *finished))
            })
            .sum();
        gone - known + self.lost
    }
}

/// Rows without what they have in common, in order.
fn merged(mut rows: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    rows.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (first, last) in rows {
        match merged.last_mut() {
            Some(row) if first <= row.1.saturating_add(1) => row.1 = row.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

fn common(one: (u64, u64), other: (u64, u64)) -> u64 {
    let (first, last) = (one.0.max(other.0), one.1.min(other.1));
    if first <= last { last - first + 1 } else { 0 }
}

/// What is kept of a dead letter: its error's length, the error, the entry.
pub(super) fn dead_payload(letter: &DeadLetter) -> Vec<u8> {
    let error = letter.error.as_bytes();
    let mut bytes = u32::try_from(error.len())
        .unwrap_or(0)
        .to_le_bytes()
        .to_vec();
    bytes.extend_from_slice(error);
    bytes.extend_from_slice(&letter.entry.to_bytes());
    bytes
}

fn letter(record: &Record<'_>) -> Option<DeadLetter> {
    let (length, rest) = record.payload.split_first_chunk()?;
    let (error, entry) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some(DeadLetter {
        number: record.number,
        entry: Entry::from_bytes(entry)?,
        error: String::from_utf8_lossy(error).into_owned(),
    })
}
