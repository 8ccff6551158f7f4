//! How a journal is set up.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis_resilient_connection::__seam::connector;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::Registry;

use super::{Inner, Journal};
use crate::drain::{Drain, Drained, Settings};
use crate::error::JournalError;
use crate::events::Events;
use crate::file::{FileKeeper, Options, Sync};
use crate::keeper::Keeper;
use crate::memory::Memory;
#[cfg(feature = "nats")]
use crate::nats::{Nats, NatsKeeper, Opening};
use crate::recovered::Recovered;
use crate::waiting::{Limits, Waiting};

/// What a journal does with a write for which it has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// It is not taken, and its caller gets the error.
    #[default]
    Refuse,
    /// Those go that have waited longest, and events tell how many: for values of which only the newest count.
    ///
    /// While it is full, each write blocks its thread until the place of an older one is free, in asynchronous code too: in a file for as long as a
    /// sync takes.
    DropOldest,
}

/// Where a journal is kept.
#[derive(Clone, Debug)]
enum Place {
    Memory,
    File(PathBuf),
    #[cfg(feature = "nats")]
    Nats(Nats),
}

/// The settings of a [`Journal`].
#[derive(Clone, Debug)]
#[must_use]
pub struct JournalBuilder {
    name: &'static str,
    place: Place,
    sync: Sync,
    moved: bool,
    limits: Limits,
    when_full: WhenFull,
    drain: Settings,
}

impl JournalBuilder {
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            name,
            place: Place::Memory,
            sync: Sync::Group(Duration::ZERO),
            moved: false,
            limits: Limits {
                entries: 1_000_000,
                bytes: 1024 * 1024 * 1024,
            },
            when_full: WhenFull::Refuse,
            drain: Settings {
                concurrency: 64,
                per_second: None,
                coalesces: false,
                max_dead: 10_000,
            },
        }
    }

    /// Keeps it in this directory, which is made if it is not there, readable by its owner only. One process at a time has it. A write is
    /// acknowledged when it is on disk.
    pub fn file(mut self, directory: impl Into<PathBuf>) -> Self {
        self.place = Place::File(directory.into());
        self
    }

    /// Keeps it in NATS `JetStream`, at this address or with these [settings](Nats), where any number of processes have it together. A write is acknowledged
    /// when NATS has it. [Opening](Self::open) it connects, and fails where NATS is not there.
    ///
    /// The journal's name and the [prefix](Nats::prefix) say which stream it is: all processes that open one of the same name for the same Redis execute
    /// each other's writes.
    ///
    /// NATS 2.9 or newer, of whose servers none forgets what it has acknowledged when it is killed. A machine that loses power forgets up to two minutes
    /// of it, for NATS does not wait for its disk: unless its configuration says `sync_interval: always` (2.10 or newer) under `jetstream`, or the
    /// writes are on [several](Nats::replicas) machines.
    ///
    /// A write whose answer is lost because NATS is restarted is told to it again. NATS remembers over a restart only what still waits (seen with 2.15.1):
    /// if Redis is back and another process has executed the write meanwhile, it is executed a second time, unless it is one of
    /// [`exactly_once`](crate::JournalConnection::exactly_once), which Redis remembers.
    ///
    /// NATS reserves what a stream may hold at most, and refuses to make one that is larger than what is free of its disk ("insufficient storage
    /// resources available"): give it `max_file_store` in its configuration, or this journal fewer [`max_bytes`](Self::max_bytes).
    #[cfg(feature = "nats")]
    pub fn nats(mut self, nats: impl Into<Nats>) -> Self {
        self.place = Place::Nats(nats.into());
        self
    }

    /// Makes each write last by an `fsync` of its own. Without it, those go together that come while another `fsync` is under way.
    pub const fn sync_each(mut self) -> Self {
        self.sync = Sync::Each;
        self
    }

    /// Waits so long for others before writes are made to last by one `fsync`: fewer of them, and each write is acknowledged later by that. Without it
    /// only those go together that come while another `fsync` is under way.
    pub const fn group_commit(mut self, window: Duration) -> Self {
        self.sync = Sync::Group(window);
        self
    }

    /// How many writes may wait; a million unless told.
    pub const fn max_entries(mut self, entries: u64) -> Self {
        self.limits.entries = entries;
        self
    }

    /// How many bytes they may take; 1 GiB unless told. In a file the disk has to have room for twice as much.
    pub const fn max_bytes(mut self, bytes: u64) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// What happens to a write for which there is no room; it is refused unless told.
    pub const fn when_full(mut self, what: WhenFull) -> Self {
        self.when_full = what;
        self
    }

    /// How many dead letters there may be, all of which are in memory; 10,000 unless told. If there are more, those after them wait, and so do the
    /// later writes of their keys.
    pub const fn max_dead_letters(mut self, letters: usize) -> Self {
        self.drain.max_dead = letters;
        self
    }

    /// How many writes of different keys are executed beside each other when Redis is back; 64 unless told.
    ///
    /// # Panics
    /// If it is zero.
    pub const fn concurrency(mut self, writes: usize) -> Self {
        assert!(
            writes > 0,
            "`concurrency` has to be at least 1: it is how many writes are executed at once"
        );
        self.drain.concurrency = writes;
        self
    }

    /// How many writes are executed in a second at most, so that a Redis that has just come back is not overrun; as many as it takes unless told.
    ///
    /// # Panics
    /// If it is zero.
    pub const fn rate(mut self, per_second: u32) -> Self {
        assert!(
            per_second > 0,
            "`rate` has to be at least 1 write per second, or the journal is never emptied"
        );
        self.drain.per_second = Some(per_second);
        self
    }

    /// Executes only the last one of several `SET`s of one key that wait in a row.
    pub const fn coalesce(mut self, coalesce: bool) -> Self {
        self.drain.coalesces = coalesce;
        self
    }

    /// Whether what waits in the directory for another Redis is for this one now: its data has moved. Without it, such a directory is not opened.
    pub const fn moved(mut self, moved: bool) -> Self {
        self.moved = moved;
        self
    }

    /// Opens it, for the Redis of this connector, and begins to have executed what it holds. Reads the directory, which takes about half a second for
    /// a million writes; it connects to nothing.
    ///
    /// # Errors
    /// If the directory cannot be had or read, another process has it, it was written by a newer version, or what it holds is for another Redis.
    pub fn open(self, redis: &Connector) -> Result<Journal, JournalError> {
        let events = Events::of(self.name);
        let waiting = Arc::new(Waiting::new(self.limits));
        let wake = Arc::new(tokio::sync::Notify::new());
        let (keeper, recovered): (Arc<dyn Keeper>, _) = match &self.place {
            Place::Memory => (Arc::new(Memory::new(waiting.clone())), Recovered::default()),
            Place::File(path) => {
                let options = Options {
                    path,
                    sync: self.sync,
                    target: &connector::place(redis),
                    moved: self.moved,
                };
                let (keeper, recovered) = FileKeeper::open(&options, &waiting)?;
                (Arc::new(keeper), recovered)
            }
            #[cfg(feature = "nats")]
            Place::Nats(nats) => {
                let opening = Opening {
                    journal: self.name,
                    nats,
                    max_bytes: self.limits.bytes,
                    target: connector::place(redis),
                    moved: self.moved,
                };
                let (keeper, recovered) = NatsKeeper::open(opening, &waiting, &wake)?;
                (Arc::new(keeper), recovered)
            }
        };
        events.recovered(&recovered);
        let drained = Drained {
            connector: redis.clone(),
            keeper: keeper.clone(),
            waiting: waiting.clone(),
            settings: self.drain,
            events,
            wake,
            stop: crate::drain::Stop::default(),
            progress: crate::drain::Tally::default(),
            unsure: Mutex::default(),
        };
        let drain = Drain::start(Arc::new(drained)).map_err(JournalError::storage)?;
        let inner = Arc::new(Inner {
            name: self.name,
            connector: redis.clone(),
            keeper,
            waiting,
            recovered,
            when_full: self.when_full,
            drain,
            is_closed: AtomicBool::new(false),
        });
        Registry::global().register_journal(&inner);
        Ok(Journal { inner })
    }
}
