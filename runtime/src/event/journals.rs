//! What journals tell.

use std::time::Duration;

use super::declare::declare;
use crate::Class;

declare! {
    /// A write was not sent and waits in a journal, which was empty before. Those that follow are not told.
    JournalQueued<'a> {
        values {
            /// The journal's name.
            journal: &'static str,
            /// What the failure means that the write met; `None`: it was put there without an attempt.
            class: Option<Class>,
        }
        texts {}
        maybe {
            /// Why it was not sent.
            error: Option<&'a str>,
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// How far a journal is whose writes are being executed. Told every 10 seconds.
    JournalProgress {
        values {
            /// The journal's name.
            journal: &'static str,
            /// How many writes wait.
            waiting: u64,
            /// How many were executed so far.
            executed: u64,
            /// In what time the rest is executed at this speed, where it is known.
            eta: Option<Duration>,
        }
        texts {}
        maybe {}
    }

    /// All that waited in a journal is done with.
    JournalDrained {
        values {
            /// The journal's name.
            journal: &'static str,
            /// How many writes were executed, or set aside.
            executed: u64,
            /// Of how many the time was over for which they were meant: they were executed with a millisecond of it.
            expired: u64,
            /// In what time.
            took: Duration,
        }
        texts {}
        maybe {}
    }

    /// Redis has refused a write of a journal for good. It was set aside, and waits to be replayed or discarded.
    WriteDead<'a> {
        values {
            /// The journal's name.
            journal: &'static str,
            /// What the dead letter is called by.
            id: u64,
        }
        texts {
            /// The names of its commands.
            commands: &'a str,
            /// What Redis has said.
            error: &'a str,
        }
        maybe {}
    }

    /// A journal was full, and the writes that had waited longest were dropped, as it was told to. Told at most once a second.
    JournalDropped {
        values {
            /// The journal's name.
            journal: &'static str,
            /// How many since the last time that it was told.
            count: u64,
        }
        texts {}
        maybe {}
    }

    /// What a journal is kept in failed. Writes are refused meanwhile, and what was executed is not executed again by this process. Told at most
    /// once a second.
    JournalFailed<'a> {
        values {
            /// The journal's name.
            journal: &'static str,
            /// How often since the last time that it was told.
            count: u64,
        }
        texts {
            /// Why.
            error: &'a str,
        }
        maybe {}
    }

    /// A journal was opened, and not all of its files can be read.
    JournalDamaged {
        values {
            /// The journal's name.
            journal: &'static str,
            /// How many writes were there and are lost.
            lost: u64,
            /// How many bytes cannot be read. A process that was killed while it wrote leaves some, of which it has acknowledged nothing.
            damaged_bytes: u64,
        }
        texts {}
        maybe {}
    }
}
