//! The calls of the drill, and what is known of their answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis_resilient::journal::Journal;
use tokio::task::spawn_blocking;

use super::shop::{self, DEADLINE};
use crate::connection::{Cache, SyncCache, counted, counted_blocking};
use crate::database::{self, Database};
use crate::ledger::Ledger;
use crate::load::{Aside, Calls, Kind};
use crate::shop::user_of_call;
use crate::stats::{Served, Source};
use crate::waiting;

#[derive(Debug)]
pub(super) struct Customers {
    pub(super) cache: Cache,
    pub(super) sync_cache: SyncCache,
    pub(super) database: Database,
    pub(super) journal: Journal,
    /// The orders without the journal.
    pub(super) ledger: Ledger,
    /// Those with it.
    pub(super) accepted: Ledger,
    /// Answers that are not what the database says.
    pub(super) wrong: AtomicUsize,
}

/// The calls there are.
#[derive(Clone, Copy, Debug)]
enum Call {
    GetUser,
    RecordOrder,
    AcceptOrder,
    GetCredit,
}

/// The rows of the table.
pub(super) const ROWS: [&str; 3] = ["reads", "orders", "journal"];
/// The one of the orders with the journal.
pub(super) const JOURNAL: usize = 2;

impl Call {
    fn of(number: u32) -> Self {
        match number % 20 {
            3 | 10 | 16 => Self::RecordOrder,
            5 | 12 | 18 => Self::AcceptOrder,
            7 => Self::GetCredit,
            _ => Self::GetUser,
        }
    }
}

impl Calls for Customers {
    const RATE: u32 = 400;
    const DEADLINE: Duration = DEADLINE;
    const SERVED: &'static [Served] = &[
        Served::Redis,
        Served::Retried,
        Served::Fallback,
        Served::Queued,
        Served::Nobody,
    ];

    fn kind(&self, number: u32) -> Kind {
        let row = match Call::of(number) {
            Call::GetUser | Call::GetCredit => 0,
            Call::RecordOrder => 1,
            Call::AcceptOrder => JOURNAL,
        };
        Kind {
            row,
            is_read: row == 0,
        }
    }

    async fn call(&self, number: u32) -> Served {
        let id = user_of_call(number);
        let (answer, attempts) = match Call::of(number) {
            Call::GetUser => counted(self.get_user(id)).await,
            Call::RecordOrder => counted(self.record_order(number)).await,
            Call::AcceptOrder => counted(self.accept_order(number)).await,
            Call::GetCredit => self.get_credit(id).await,
        };
        Served::of(answer, attempts)
    }

    fn aside(&self) -> Option<Aside> {
        let progress = self.journal.progress();
        Some(waiting::aside(
            progress.waiting,
            progress.per_second,
            progress.eta,
        ))
    }
}

impl Customers {
    async fn get_user(&self, id: u32) -> Option<Source> {
        let user = shop::get_user(&mut self.cache.clone(), &self.database, id).await;
        let user = user.ok()?;
        self.check(user.name == database::name_of(id));
        Some(user.source)
    }

    async fn record_order(&self, order: u32) -> Option<Source> {
        self.ledger.place();
        let recorded = shop::record_order(&mut self.cache.clone(), order).await;
        recorded.ok()?;
        self.ledger.acknowledge(order);
        Some(Source::Redis)
    }

    async fn accept_order(&self, order: u32) -> Option<Source> {
        self.accepted.place();
        let accepted = shop::accept_order(&mut self.cache.clone(), &self.journal, order).await;
        let is_queued = accepted.ok()?.is_queued();
        self.accepted.acknowledge(order);
        Some(if is_queued {
            Source::Journal
        } else {
            Source::Redis
        })
    }

    async fn get_credit(&self, id: u32) -> (Option<Source>, u32) {
        let (cache, database) = (self.sync_cache.clone(), self.database.clone());
        let call = move || counted_blocking(|| shop::get_credit(&cache, &database, id));
        match spawn_blocking(call).await {
            Ok((Ok(credit), attempts)) => {
                self.check(credit.amount == database::credit_of(id));
                (Some(credit.source), attempts)
            }
            Ok((Err(_), attempts)) => (None, attempts),
            Err(_) => (None, 0),
        }
    }

    fn check(&self, is_right: bool) {
        if !is_right {
            self.wrong.fetch_add(1, Ordering::Relaxed);
        }
    }
}
