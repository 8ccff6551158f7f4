//! Why a journal does not take a write, or cannot be opened.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, io};

use redis::{ErrorKind, RedisError};

/// Why a journal does not take a write, or cannot be opened. Nothing that it has accepted is lost by it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JournalError {
    /// It has no room: [`max_entries`](crate::JournalBuilder::max_entries), [`max_bytes`](crate::JournalBuilder::max_bytes).
    #[non_exhaustive]
    Full {
        /// How many writes wait.
        entries: u64,
        /// How many bytes they take.
        bytes: u64,
    },
    /// The command is not one that can be executed later.
    #[non_exhaustive]
    NotAWrite {
        /// The command's name.
        command: String,
    },
    /// It has been closed.
    Closed,
    /// What it is kept in failed: the disk is full, say.
    Storage(Arc<io::Error>),
    /// Another process has the directory, or another journal of this one.
    #[non_exhaustive]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The directory, or the stream, holds writes for another Redis.
    #[non_exhaustive]
    OtherRedis {
        /// How many.
        entries: u64,
        /// Where that is.
        journal: String,
        /// Where the connector leads.
        connector: String,
    },
    /// The directory was written by a newer version of this crate.
    #[non_exhaustive]
    NewerFormat {
        /// The version of its format.
        version: u16,
    },
}

impl JournalError {
    /// The connection leads to another Redis than that of the journal.
    pub(crate) fn elsewhere(journal: &str) -> Self {
        Self::storage(io::Error::other(format!(
            "the journal `{journal}` is for another Redis than the connection: use the connector that it was opened with"
        )))
    }

    #[cfg(feature = "nats")]
    pub(crate) fn other(error: impl Into<String>) -> Self {
        Self::storage(io::Error::other(error.into()))
    }

    pub(crate) fn storage(error: io::Error) -> Self {
        Self::Storage(Arc::new(error))
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { entries, bytes } => write!(
                f,
                "the journal is full: {entries} writes of {bytes} bytes wait for Redis; `max_entries` and `max_bytes` say how many may"
            ),
            Self::NotAWrite { command } => write!(
                f,
                "`{command}` cannot be journalled: it is not a write, has no key, or takes away what its reply alone would have"
            ),
            Self::Closed => f.write_str("the journal has been closed"),
            Self::Storage(error) => write!(f, "the journal cannot keep the write: {error}"),
            Self::Locked { path } => write!(
                f,
                "the journal in {} is open already, in another process or in this one: give each a directory of its own",
                path.display()
            ),
            Self::OtherRedis {
                entries,
                journal,
                connector,
            } => write!(
                f,
                "the journal holds {entries} writes for {journal}, and the connector leads to {connector}: if the data has moved there, open it once \
                 with `moved(true)`"
            ),
            Self::NewerFormat { version } => write!(
                f,
                "the journal is of format {version}, which this version of redis-resilient does not know: open it with the version that wrote it"
            ),
        }
    }
}

impl Error for JournalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Storage(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<JournalError> for RedisError {
    fn from(error: JournalError) -> Self {
        let what = "the write is not journalled";
        Self::from((ErrorKind::Client, what, error.to_string()))
    }
}
