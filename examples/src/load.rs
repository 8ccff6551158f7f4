//! A steady load: calls come at a fixed rate, whether those before them have been answered or not.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::connection::{Cache, SyncCache, counted, counted_blocking};
use crate::database::{self, Database};
use crate::shop::{self, Source};
use crate::stats::{Log, Record, Served};

/// Calls per second.
pub(crate) const RATE: u32 = 400;

/// Calls under way at once, at most. A call for which there is no room waits, and its latency grows meanwhile.
const IN_FLIGHT: u32 = 256;

/// A call that is not over by then hangs: far beyond what a busy machine adds to a deadline.
const HANGS: Duration = shop::DEADLINE.saturating_add(Duration::from_secs(5));

/// What calls are made with, and what became of them.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) cache: Cache,
    pub(crate) sync_cache: SyncCache,
    pub(crate) database: Database,
    /// When the first call is due.
    pub(crate) start: Instant,
    pub(crate) length: Duration,
    pub(crate) log: Log,
    pub(crate) tally: Tally,
    pub(crate) room: Arc<Semaphore>,
}

/// What is counted apart from who answered.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) hung: AtomicUsize,
    /// Answers that are not what the database says.
    pub(crate) wrong: AtomicUsize,
    pub(crate) orders: AtomicUsize,
    pub(crate) acknowledged: Mutex<Vec<u32>>,
    pub(crate) stopped: AtomicBool,
}

/// The calls there are; their mix is the same in every run.
#[derive(Clone, Copy, Debug)]
enum Kind {
    GetUser,
    RecordOrder,
    GetCredit,
}

impl Kind {
    fn of(number: u32) -> Self {
        match number % 20 {
            3 | 10 | 16 => Self::RecordOrder,
            7 => Self::GetCredit,
            _ => Self::GetUser,
        }
    }
}

impl Load {
    pub(crate) fn room() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(IN_FLIGHT as usize))
    }

    pub(crate) fn in_flight(&self) -> usize {
        (IN_FLIGHT as usize).saturating_sub(self.room.available_permits())
    }

    /// Makes all calls and returns when they are over. Blocks: the sleep of a thread is ten times as exact as a timer of
    /// the runtime, whose inexactness would count as latency.
    pub(crate) fn run(self: &Arc<Self>, runtime: &Handle) {
        for number in 0.. {
            let due = Duration::from_secs(1) * number / RATE;
            if due >= self.length || self.tally.stopped.load(Ordering::Relaxed) {
                break;
            }
            thread::sleep((self.start + due).saturating_duration_since(Instant::now()));
            let room = runtime.block_on(self.room.clone().acquire_owned());
            let load = self.clone();
            runtime.spawn(async move {
                load.call(number, due).await;
                drop(room);
            });
        }
        let _ = runtime.block_on(self.room.acquire_many(IN_FLIGHT));
    }

    async fn call(&self, number: u32, due: Duration) {
        let kind = Kind::of(number);
        // Scattered over the users, and the same in every run.
        let id = number.wrapping_mul(7_919) % database::USERS;
        let call = async {
            match kind {
                Kind::GetUser => counted(self.get_user(id)).await,
                Kind::RecordOrder => counted(self.record_order(number)).await,
                Kind::GetCredit => self.get_credit(id).await,
            }
        };
        let served = match timeout(HANGS, call).await {
            Ok((Some(Source::Redis), 0 | 1)) => Served::Redis,
            Ok((Some(Source::Redis), _)) => Served::Retried,
            Ok((Some(Source::Database), _)) => Served::Fallback,
            Ok((None, _)) => Served::Nobody,
            Err(_) => {
                self.tally.hung.fetch_add(1, Ordering::Relaxed);
                Served::Nobody
            }
        };
        self.log.push(Record {
            due,
            latency: self.start.elapsed().saturating_sub(due),
            served,
            is_read: !matches!(kind, Kind::RecordOrder),
        });
    }

    async fn get_user(&self, id: u32) -> Option<Source> {
        let user = shop::get_user(&mut self.cache.clone(), &self.database, id).await;
        let user = user.ok()?;
        self.check(user.name == database::name_of(id));
        Some(user.source)
    }

    async fn record_order(&self, order: u32) -> Option<Source> {
        self.tally.orders.fetch_add(1, Ordering::Relaxed);
        let recorded = shop::record_order(&mut self.cache.clone(), order).await;
        recorded.ok()?;
        let acknowledged = self.tally.acknowledged.lock();
        acknowledged
            .unwrap_or_else(PoisonError::into_inner)
            .push(order);
        Some(Source::Redis)
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
            self.tally.wrong.fetch_add(1, Ordering::Relaxed);
        }
    }
}
