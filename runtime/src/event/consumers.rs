//! What consumers of streams tell.

use std::time::Duration;

use super::declare::declare;
use crate::Class;

declare! {
    /// A consumer of a stream cannot read, and goes on trying. Told at most once a second.
    ConsumerFailed<'a> {
        values {
            /// What the failure means.
            class: Class,
        }
        texts {
            /// The stream.
            stream: &'a str,
            /// The consumer's group.
            group: &'a str,
            /// Why.
            error: &'a str,
        }
        maybe {
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// A consumer of a stream that could not read does so again.
    ConsumerRecovered<'a> {
        values {
            /// How long it could not.
            after: Duration,
        }
        texts {
            /// The stream.
            stream: &'a str,
            /// The consumer's group.
            group: &'a str,
        }
        maybe {}
    }

    /// A consumer has made its group, which was not there.
    GroupMade<'a> {
        values {
            /// Whether it had been there before: entries after `at` may be delivered twice.
            again: bool,
        }
        texts {
            /// The stream.
            stream: &'a str,
            /// The consumer's group.
            group: &'a str,
            /// The ID that it begins after.
            at: &'a str,
        }
        maybe {}
    }

    /// A consumer's handler failed. The entry is tried again after a pause, or is a dead letter, which is told as well.
    EntryFailed<'a> {
        values {
            /// Which attempt it was, from 1.
            attempt: u32,
            /// The pause before the next one; `None`: there is none.
            delay: Option<Duration>,
        }
        texts {
            /// The stream.
            stream: &'a str,
            /// The consumer's group.
            group: &'a str,
            /// The entry's ID.
            id: &'a str,
            /// What the handler says.
            error: &'a str,
        }
        maybe {}
    }

    /// A consumer has put an entry among the dead letters.
    EntryDeadLettered<'a> {
        values {
            /// How many attempts were made.
            deliveries: u32,
        }
        texts {
            /// The stream.
            stream: &'a str,
            /// The consumer's group.
            group: &'a str,
            /// The entry's ID.
            id: &'a str,
            /// Why.
            error: &'a str,
        }
        maybe {}
    }

    /// A consumer has taken over entries of one that gives no sign of life.
    EntriesTakenOver<'a> {
        values {
            /// How many.
            count: u64,
        }
        texts {
            /// The stream.
            stream: &'a str,
            /// The consumer's group.
            group: &'a str,
        }
        maybe {}
    }

    /// Entries were trimmed or deleted from a stream before a consumer could handle them: they are lost.
    EntriesTrimmed<'a> {
        values {
            /// How many.
            count: u64,
        }
        texts {
            /// The stream.
            stream: &'a str,
            /// The consumer's group.
            group: &'a str,
        }
        maybe {}
    }
}
