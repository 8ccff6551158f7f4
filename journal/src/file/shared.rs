//! What the writer and those who read share.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::directory::Directory;
use super::index::Index;
use super::reader::Reader;
use crate::waiting::Waiting;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) directory: Directory,
    pub(super) waiting: Arc<Waiting>,
    index: Mutex<Index>,
}

impl Shared {
    pub(super) const fn new(directory: Directory, waiting: Arc<Waiting>, index: Index) -> Self {
        Self {
            directory,
            waiting,
            index: Mutex::new(index),
        }
    }

    /// Held for as long as it takes to look something up.
    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads at most so many bytes of a segment.
    pub(super) fn reader(&self, segment: u64, most: u64) -> io::Result<Reader> {
        let file = self.directory.read(segment)?;
        let length = file.metadata()?.len();
        Ok(Reader::new(file, segment, length.min(most)))
    }
}
