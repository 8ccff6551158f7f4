//! The directory of a journal: whose it is, and what its files are called.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::JournalError;

/// The directory, which nobody else has while this is there.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// To make what is made or removed in it last.
    #[cfg(unix)]
    handle: File,
    lock: Mutex<Option<File>>,
}

const SUFFIX: &str = "log";

impl Directory {
    /// Makes it if it is not there, and takes it.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        make(path).map_err(JournalError::storage)?;
        let lock = options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"));
        let lock = lock.map_err(|error| refused(path, error))?;
        lock_file(&lock, path)?;
        Ok(Self {
            path: path.to_owned(),
            #[cfg(unix)]
            handle: File::open(path).map_err(JournalError::storage)?,
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Lets go of it, for others.
    pub(super) fn release(&self) {
        let lock = self
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A process that was forked off just now has it as well, until it executes something else.
        #[cfg(unix)]
        if let Some(lock) = &lock {
            let _ = rustix::fs::flock(lock, rustix::fs::FlockOperation::Unlock);
        }
        drop(lock);
    }

    /// The numbers of the segments that are there, in order.
    pub(super) fn segments(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for file in fs::read_dir(&self.path)? {
            let path = file?.path();
            let name = path.file_stem().and_then(|name| name.to_str());
            let number = name.and_then(|name| name.parse().ok());
            if let Some(number) =
                number.filter(|_| path.extension().is_some_and(|suffix| suffix == SUFFIX))
            {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// A new segment, to be written.
    pub(super) fn create(&self, number: u64) -> io::Result<File> {
        let file = options()
            .append(true)
            .create_new(true)
            .open(self.segment(number))?;
        self.sync()?;
        Ok(file)
    }

    pub(super) fn read(&self, number: u64) -> io::Result<File> {
        File::open(self.segment(number))
    }

    /// Removes a segment.
    pub(super) fn remove(&self, number: u64) -> io::Result<()> {
        match fs::remove_file(self.segment(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// A file that takes the place of a segment when it is whole.
    pub(super) fn replacement(&self) -> io::Result<File> {
        let path = self.path.join("replacement");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        options().write(true).create_new(true).open(path)
    }

    /// Puts it there.
    pub(super) fn replace(&self, number: u64) -> io::Result<()> {
        fs::rename(self.path.join("replacement"), self.segment(number))?;
        self.sync()
    }

    /// Makes what was made or removed in it last.
    pub(super) fn sync(&self) -> io::Result<()> {
        #[cfg(unix)]
        self.handle.sync_all()?;
        Ok(())
    }

    fn segment(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:020}.{SUFFIX}"))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.release();
    }
}

/// A directory for its owner alone: what waits is not encrypted.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Files for their owner alone.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 1);
    options
}

/// Where a file that is open cannot be opened again, that is the lock.
fn refused(path: &Path, error: io::Error) -> JournalError {
    const SHARING_VIOLATION: i32 = 32;
    if cfg!(windows) && error.raw_os_error() == Some(SHARING_VIOLATION) {
        return JournalError::Locked {
            path: path.to_owned(),
        };
    }
    JournalError::storage(error)
}

#[cfg(unix)]
fn lock_file(file: &File, path: &Path) -> Result<(), JournalError> {
    use rustix::fs::{FlockOperation, flock};
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(JournalError::Locked {
            path: path.to_owned(),
        }),
        Err(error) => Err(JournalError::storage(error.into())),
    }
}

#[cfg(not(unix))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "it can fail where files are locked"
)]
fn lock_file(_: &File, _: &Path) -> Result<(), JournalError> {
    Ok(())
}
