//! A journal in NATS `JetStream`: it survives the process and its machine, and any number of processes have it together.
//!
//! It is a log. Each process puts its writes at the end of one stream and reads all of that stream, so that it knows what waits, also what others have put
//! there. One process at a time executes: [`claims`] say which. It says in the stream what is [done with](record::Done), and what that makes
//! unneeded is [taken out](tidy).
//!
//! Why no consumers that share the work and acknowledge: the order of a key would hang on when a message that was not acknowledged comes again. What waits
//! longest for that may be overtaken by one that was never delivered, unless there is one under way at a time for each key; and a write of two keys has
//! to wait for two of them. One process that executes 64 writes at once is faster than a Redis that has just come back.

mod claims;
mod cursor;
mod index;
mod lease;
mod link;
mod names;
mod options;
mod order;
mod record;
mod say;
mod shared;
mod tidy;
mod walk;
mod watch;
mod worker;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::thread;

use tokio::sync::{Notify, mpsc};

use self::names::Names;
pub use self::options::Nats;
use self::order::Order;
use self::record::Dead;
use self::shared::Shared;
use self::walk::Walk;
use self::worker::Purpose;
use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::keeper::{Acknowledgement, Keeper, Kept, Pass, Promise};
use crate::recovered::Recovered;
use crate::waiting::{Room, Waiting};

#[derive(Debug)]
pub(crate) struct NatsKeeper {
    shared: Arc<Shared>,
    orders: mpsc::UnboundedSender<Order>,
}

/// How a journal in NATS is opened.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    pub(crate) journal: &'static str,
    pub(crate) nats: &'a Nats,
    pub(crate) max_bytes: u64,
    /// Where Redis is, without a secret.
    pub(crate) target: String,
    /// Whether entries for another one are for this one now.
    pub(crate) moved: bool,
}

impl NatsKeeper {
    /// `wake` is told when another process has put something there.
    ///
    /// # Errors
    /// If NATS cannot be reached, has no `JetStream`, or the stream has writes for another Redis.
    pub(crate) fn open(
        opening: Opening<'_>,
        waiting: &Arc<Waiting>,
        wake: &Arc<Notify>,
    ) -> Result<(Self, Recovered), JournalError> {
        let names = Names::of(&opening.nats.prefix, opening.journal)?;
        let shared = Arc::new(Shared::new(
            opening.journal,
            opening.nats.clone(),
            waiting.clone(),
            wake.clone(),
        ));
        let purpose = Purpose {
            target: opening.target,
            moved: opening.moved,
            max_bytes: opening.max_bytes,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(JournalError::storage)?;
        let (orders, receiver) = mpsc::unbounded_channel();
        let (opened, is_opened) = sync_channel(1);
        let worker = worker::run(shared.clone(), names, purpose, receiver, opened);
        thread::Builder::new()
            .name("redis-resilient-journal-nats".to_owned())
            .spawn(move || runtime.block_on(worker))
            .map_err(JournalError::storage)?;
        is_opened.recv().unwrap_or(Err(JournalError::Closed))?;
        let recovered = {
            let index = shared.index();
            Recovered {
                waiting: index.live(),
                dead: index.dead_count() as u64,
                lost: shared.strange.load(Ordering::Relaxed),
                damaged_bytes: 0,
            }
        };
        Ok((Self { shared, orders }, recovered))
    }

    fn order<T>(&self, order: impl FnOnce(Promise<T>) -> Order) -> Acknowledgement<T> {
        let (promise, acknowledgement) = Acknowledgement::later();
        // Where nobody takes it, the promise is dropped, which says that the journal is closed.
        let _ = self.orders.send(order(promise));
        acknowledgement
    }
}

impl Keeper for NatsKeeper {
    fn append(&self, entries: Vec<Entry>, room: Room) -> Acknowledgement<()> {
        self.order(|promise| Order::Append(entries, room, promise))
    }

    fn pass(&self) -> Box<dyn Pass> {
        Box::new(Walk::new(self.orders.clone()))
    }

    fn finish(&self, finished: Vec<Kept>) -> Acknowledgement<()> {
        let numbers = finished.iter().map(|kept| kept.number);
        let numbers = self.shared.index().finishing(numbers);
        self.order(|promise| Order::Finish(numbers, promise))
    }

    fn bury(&self, kept: Kept, error: String) -> Acknowledgement<()> {
        let new = self.shared.index().finishing(std::iter::once(kept.number));
        if new.is_empty() {
            return Acknowledgement::known(Ok(()));
        }
        let dead = Dead {
            floor: 0,
            number: kept.number,
            error,
            entry: kept.entry,
        };
        self.order(|promise| Order::Bury(dead, promise))
    }

    fn dead_letters(&self) -> Vec<Arc<DeadLetter>> {
        self.shared.index().dead_letters()
    }

    fn dead(&self) -> usize {
        self.shared.index().dead_count()
    }

    fn exhume(&self, id: u64, again: Option<Room>) -> Acknowledgement<()> {
        let Some((at, letter)) = self.shared.index().dead(id) else {
            return Acknowledgement::known(Ok(()));
        };
        self.order(|promise| Order::Exhume(letter, at, again, promise))
    }

    fn lead(&self) -> Acknowledgement<bool> {
        self.order(Order::Lead)
    }

    fn leads(&self) -> bool {
        self.shared.lease.is_held()
    }

    fn rest(&self) {
        if self.shared.lease.rest() {
            let _ = self.orders.send(Order::Rest);
        }
    }

    fn close(&self) -> Acknowledgement<()> {
        self.order(Order::Close)
    }
}
