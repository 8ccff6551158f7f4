//! Writes that Redis refuses for good.

use std::fmt;

use crate::entry::Entry;

/// A write that Redis has refused for good, such as one on a key of another type. It was executed by nobody, and waits for somebody to
/// [replay](crate::Journal::replay) or [discard](crate::Journal::discard) it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub(crate) number: u64,
    pub(crate) entry: Entry,
    pub(crate) error: String,
}

impl DeadLetter {
    /// What it is called by.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.number
    }

    /// What Redis has said.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    /// When the journal has accepted it, in milliseconds since 1970.
    #[must_use]
    pub const fn accepted_at_ms(&self) -> u64 {
        self.entry.at_ms
    }

    /// The words of its commands: one, or those of a transaction.
    #[must_use]
    pub fn commands(&self) -> Vec<Vec<Vec<u8>>> {
        let commands = self.entry.commands();
        commands
            .map(|words| words.into_iter().map(<[u8]>::to_vec).collect())
            .collect()
    }

    /// The names of its commands, which hold nothing of the application's data.
    #[must_use]
    pub fn names(&self) -> String {
        self.entry.names()
    }
}

/// Without its arguments.
impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("id", &self.number)
            .field("commands", &self.names())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
