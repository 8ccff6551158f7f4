//! A walk over the entries that wait.

use std::io;
use std::sync::Arc;

use super::reader::Reader;
use super::record::Kind;
use super::shared::Shared;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::keeper::{Acknowledgement, Kept, Pass};

pub(super) struct Walk {
    shared: Arc<Shared>,
    /// The number of the last entry that was met.
    last: u64,
    /// Entries from this number on were not there when the walk began.
    end: u64,
    /// In which segment it is, and the number of the last entry there.
    reader: Option<(Reader, u64)>,
}

/// What is handed over at once takes no more memory than about this.
const BYTES: u64 = 8 * 1024 * 1024;

impl Walk {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let end = shared.index().next;
        Self {
            shared,
            last: 0,
            end,
            reader: None,
        }
    }

    /// Goes on in the next segment in which something waits; `false` at the end.
    fn open_next(&mut self) -> io::Result<bool> {
        loop {
            let next = {
                let index = self.shared.index();
                let segment = index.segment_after(self.last);
                segment.and_then(|segment| {
                    Some((segment.number, segment.bytes, segment.numbers.last()?))
                })
            };
            let Some((number, bytes, last)) = next else {
                return Ok(false);
            };
            match self.shared.reader(number, bytes) {
                Ok(reader) => {
                    self.reader = Some((reader, last));
                    return Ok(true);
                }
                // It was made into another one in between.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn collect(&mut self, most: usize) -> io::Result<Vec<Kept>> {
        let (mut kept, mut bytes) = (Vec::new(), 0);
        while kept.len() < most && bytes < BYTES {
            if self.reader.is_none() && !self.open_next()? {
                break;
            }
            let Some((reader, last)) = &mut self.reader else {
                break;
            };
            let Some(record) = reader.next()? else {
                // What has been damaged since it was written is met when the journal is opened again.
                self.last = self.last.max(*last);
                self.reader = None;
                continue;
            };
            if record.kind != Kind::Entry || record.number <= self.last {
                continue;
            }
            if record.number >= self.end {
                break;
            }
            self.last = record.number;
            if !self.shared.index().is_live(record.number) {
                continue;
            }
            if let Some(entry) = Entry::from_bytes(record.payload) {
                bytes += entry.size();
                kept.push(Kept {
                    number: record.number,
                    entry,
                });
            }
        }
        Ok(kept)
    }
}

impl Pass for Walk {
    fn next(&mut self, most: usize) -> Acknowledgement<Vec<Kept>> {
        Acknowledgement::known(self.collect(most).map_err(JournalError::storage))
    }
}
