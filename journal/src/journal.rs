//! The journal, as the application holds it.

mod builder;
mod closing;
mod progress;
mod report;

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use redis::{Cmd, RedisError, RedisResult};
use redis_resilient_connection::__seam::command::args;
use redis_resilient_connection::__seam::connector;
use redis_resilient_connection::Connector;

pub use self::builder::{JournalBuilder, WhenFull};
pub use self::progress::Progress;
use crate::clock::unix_ms;
use crate::dead_letter::DeadLetter;
use crate::drain::Drain;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::keeper::{Acknowledgement, Keeper};
use crate::recovered::Recovered;
use crate::waiting::{Room, Waiting};
use crate::writes::write;
use crate::written::Written;

/// Takes writes while Redis is away, and has them executed when it is back: in order for each key, and none is lost that was acknowledged.
///
/// Clones share it. Over [`over`](Self::over) an application writes as over any connection; what Redis does not take goes to the journal.
///
/// ```no_run
/// use redis::AsyncCommands;
/// use redis_resilient::connection::Connector;
/// use redis_resilient::journal::{Journal, Written};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = Connector::open("redis://orders.example/")?;
/// let journal = Journal::builder("orders").file("/var/lib/shop/journal").open(&redis)?;
///
/// let mut orders = journal.over(&redis);
/// let written: Written<u64> = orders.rpush("orders", "two books").await?;
/// if written.is_queued() {
///     // It is on disk, and in Redis as soon as Redis is back.
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    name: &'static str,
    connector: Connector,
    keeper: Arc<dyn Keeper>,
    waiting: Arc<Waiting>,
    recovered: Recovered,
    when_full: WhenFull,
    drain: Drain,
    is_closed: AtomicBool,
    /// Writes that it was given and had room for, and those for which it had none.
    queued: AtomicU64,
    refused: AtomicU64,
}

impl Journal {
    /// One of this name, in events, with settings to come. It is kept in memory unless told.
    pub const fn builder(name: &'static str) -> JournalBuilder {
        JournalBuilder::new(name)
    }

    /// The name given to [`builder`](Self::builder).
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.inner.name
    }

    /// Puts a write into the journal, to be executed as soon as Redis takes it: for a `fallback`, or where nobody waits for an answer.
    ///
    /// Whoever uses it as the fallback of a function that sends the same command by itself has it executed twice if the function's own attempt
    /// was, and its reply was lost; and a direct write overtakes what waits for its key. [`over`](Self::over) does neither.
    ///
    /// # Errors
    /// If the command is not a write that can be executed later, or the journal has no room or cannot keep it. Then it is not in the journal.
    ///
    /// # Cancellation
    /// The write may be in the journal, or not.
    pub async fn enqueue<T>(&self, command: impl Borrow<Cmd>) -> RedisResult<Written<T>> {
        self.take(command.borrow())?.await?;
        Ok(Written::Queued)
    }

    /// As [`enqueue`](Self::enqueue), by blocking the thread until it is kept.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue).
    pub fn enqueue_blocking<T>(&self, command: impl Borrow<Cmd>) -> RedisResult<Written<T>> {
        self.take(command.borrow())?.wait()?;
        Ok(Written::Queued)
    }

    /// What was there when it was opened.
    #[must_use]
    pub fn recovered(&self) -> Recovered {
        self.inner.recovered
    }

    /// What Redis has refused for good, the oldest first.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<Arc<DeadLetter>> {
        self.inner.keeper.dead_letters()
    }

    /// Puts a dead letter behind all that wait, to be executed once more: after whatever made Redis refuse it has been mended. Does nothing if there
    /// is none with that id.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue). It is a dead letter still then.
    pub async fn replay(&self, id: u64) -> RedisResult<()> {
        let letters = self.dead_letters();
        let Some(letter) = letters.iter().find(|letter| letter.id() == id) else {
            return Ok(());
        };
        let room = self.admit(std::slice::from_ref(&letter.entry))?;
        self.inner.keeper.exhume(id, Some(room)).await?;
        self.wake();
        Ok(())
    }

    /// Removes a dead letter for good. Does nothing if there is none with that id.
    ///
    /// # Errors
    /// If that cannot be written down. It is there still then.
    pub async fn discard(&self, id: u64) -> RedisResult<()> {
        Ok(self.inner.keeper.exhume(id, None).await?)
    }

    /// Whether one of these keys has a write that waits.
    pub(crate) fn has_one_of(&self, keys: &[&[u8]]) -> bool {
        self.inner.waiting.has_one_of(keys)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.inner.waiting.entries() == 0
    }

    /// Whether writes to where that connector leads can be executed over the journal's own.
    pub(crate) fn is_for(&self, connector: &Connector) -> bool {
        connector::is_same(&self.inner.connector, connector)
            || connector::place(&self.inner.connector) == connector::place(connector)
    }

    /// Takes a write that is asked for by name.
    fn take(&self, command: &Cmd) -> Result<Acknowledgement<()>, JournalError> {
        let words: Vec<_> = args(command).collect();
        if write(&words).is_none() {
            let name = words.first().copied().unwrap_or_default();
            return Err(JournalError::NotAWrite {
                command: String::from_utf8_lossy(name).to_ascii_uppercase(),
            });
        }
        self.keep(vec![Entry::of_command(command, unix_ms())], None)
    }

    /// Keeps these together. `because`: why they are not sent.
    pub(crate) fn keep(
        &self,
        entries: Vec<Entry>,
        because: Option<&RedisError>,
    ) -> Result<Acknowledgement<()>, JournalError> {
        let was_empty = self.is_empty();
        let count = entries.len() as u64;
        let room = self.admit(&entries).inspect_err(|error| {
            if matches!(error, JournalError::Full { .. }) {
                self.inner.refused.fetch_add(count, Ordering::Relaxed);
            }
        })?;
        self.inner.queued.fetch_add(count, Ordering::Relaxed);
        let acknowledgement = self.inner.keeper.append(entries, room);
        if was_empty {
            self.inner.drain.shared.events.queued(because);
        }
        self.wake();
        Ok(acknowledgement)
    }

    fn admit(&self, entries: &[Entry]) -> Result<Room, JournalError> {
        if self.inner.is_closed.load(Ordering::SeqCst) {
            return Err(JournalError::Closed);
        }
        let waiting = &self.inner.waiting;
        match (waiting.admit(entries), self.inner.when_full) {
            (Err(full @ JournalError::Full { .. }), WhenFull::DropOldest) => {
                self.drop_oldest(entries, full)
            }
            (admitted, _) => admitted,
        }
    }

    /// Makes room by what has waited longest.
    fn drop_oldest(&self, entries: &[Entry], full: JournalError) -> Result<Room, JournalError> {
        let mut oldest = self.inner.keeper.pass();
        loop {
            let dropped = oldest.next(entries.len().max(16)).wait()?;
            if dropped.is_empty() {
                return Err(full);
            }
            let count = dropped.len() as u64;
            self.inner.keeper.finish(dropped).wait()?;
            self.inner.drain.shared.events.dropped(count);
            if let Ok(room) = self.inner.waiting.admit(entries) {
                return Ok(room);
            }
        }
    }

    fn wake(&self) {
        self.inner.drain.shared.wake.notify_one();
    }
}

/// What waits stays, and the thread that empties it ends by itself.
impl Drop for Inner {
    fn drop(&mut self) {
        self.drain.shared.ask_to_stop();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("name", &self.inner.name)
            .field("connector", &connector::place(&self.inner.connector))
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_in_a_line_that_says_where_redis_is() {
        let redis = Connector::open("redis://:secret@localhost:1/3").expect("an address");
        let journal = Journal::builder("shown").open(&redis).expect("in memory");
        let connection = journal.over(&redis);
        for shown in [format!("{journal:?}"), format!("{connection:?}")] {
            assert!(shown.contains("localhost:1/3"), "{shown}");
            assert!(!shown.contains("secret"), "{shown}");
            assert!(shown.len() < 400, "{shown}");
        }
    }
}
