//! Writes that survive Redis: a journal takes them while Redis is away, and has them executed when it is back. Users name it through the crate
//! `redis-resilient`, whose module `journal` is the guide.

mod clock;
mod dead_letter;
mod drain;
mod entry;
mod error;
mod events;
mod expiry;
mod file;
mod journal;
mod keeper;
mod memory;
#[cfg(feature = "nats")]
mod nats;
mod over;
mod recovered;
mod replies;
mod speed;
mod waiting;
mod writes;
mod written;

pub use dead_letter::DeadLetter;
pub use error::JournalError;
pub use journal::{Journal, JournalBuilder, Progress, WhenFull};
#[cfg(feature = "nats")]
pub use nats::Nats;
pub use over::{BlockingJournalConnection, JournalConnection};
pub use recovered::Recovered;
pub use written::{Written, is_queued};
