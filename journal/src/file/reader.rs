//! Reads a segment's records one after the other, and passes over what cannot be read.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;

use super::record::{self, Kind, Read, Record};

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

pub(super) struct Reader {
    file: File,
    segment: u64,
    /// How much of the file is to be read yet.
    left: u64,
    buffer: Vec<u8>,
    place: usize,
    damaged: u64,
}

impl Reader {
    /// Reads so many bytes of the file, from its beginning.
    pub(super) const fn new(file: File, segment: u64, length: u64) -> Self {
        Self {
            file,
            segment,
            left: length,
            buffer: Vec::new(),
            place: 0,
            damaged: 0,
        }
    }

    /// How many bytes could not be read as a record.
    pub(super) const fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The next record.
    pub(super) fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        let Some((kind, number, payload)) = self.find()? else {
            return Ok(None);
        };
        Ok(Some(Record {
            kind,
            number,
            payload: &self.buffer[payload],
        }))
    }

    fn find(&mut self) -> io::Result<Option<(Kind, u64, Range<usize>)>> {
        loop {
            let rest = &self.buffer[self.place..];
            let skip = match record::read(rest, self.segment) {
                Read::Record(
                    Record {
                        kind,
                        number,
                        payload,
                    },
                    length,
                ) => {
                    let end = self.place + length;
                    let payload = end - payload.len()..end;
                    self.place = end;
                    return Ok(Some((kind, number, payload)));
                }
                Read::Incomplete if self.left > 0 => {
                    self.fill()?;
                    continue;
                }
                Read::Incomplete if rest.is_empty() => return Ok(None),
                // What says how long it is may be what is damaged.
                Read::Incomplete => record::next_mark(rest),
                Read::Damaged(skip) => skip,
            };
            let skip = skip.min(rest.len());
            self.damaged += skip as u64;
            self.place += skip;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.place);
        self.place = 0;
        let length = self.buffer.len();
        let more = CHUNK
            .max(length)
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.buffer.resize(length + more, 0);
        let read = self.file.read(&mut self.buffer[length..])?;
        self.buffer.truncate(length + read);
        // A file that is shorter than it was has nothing more.
        self.left = if read == 0 {
            0
        } else {
            self.left - read as u64
        };
        Ok(())
    }
}
