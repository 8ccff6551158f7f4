//! What a consumer tells of itself and of its group, in numbers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use redis::RedisResult;
use redis_resilient_connection::__seam::script::Script;
use redis_resilient_connection::Connector;

use super::hand::Hand;
use super::reply;
use super::scripts::NUMBERS;

const ORDER: Ordering = Ordering::Relaxed;

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) hand: Arc<Hand>,
    is_reading: AtomicBool,
    is_standing_by: AtomicBool,
    /// When it was last looked at; below zero: it is not known.
    lag: Lag,
    pub(super) handled: Counter,
    pub(super) failed: Counter,
    pub(super) dead: Counter,
    pub(super) trimmed: Counter,
    pub(super) taken_over: Counter,
    pub(super) handed_back: Counter,
    pub(super) unacknowledged: Counter,
}

impl Counters {
    pub(super) fn reads(&self, is_reading: bool) {
        self.is_reading.store(is_reading, ORDER);
    }

    pub(super) fn lags(&self, lag: Option<u64>) {
        self.lag.0.store(
            lag.and_then(|lag| i64::try_from(lag).ok()).unwrap_or(-1),
            ORDER,
        );
    }

    pub(super) fn lag(&self) -> Option<u64> {
        u64::try_from(self.lag.0.load(ORDER)).ok()
    }

    pub(super) fn is_reading(&self) -> bool {
        self.is_reading.load(ORDER)
    }

    pub(super) fn is_standing_by(&self) -> bool {
        self.is_standing_by.load(ORDER)
    }

    pub(super) fn stands_by(&self, stands_by: bool) {
        self.is_standing_by.store(stands_by, ORDER);
    }
}

#[derive(Debug)]
struct Lag(AtomicI64);

impl Default for Lag {
    fn default() -> Self {
        Self(AtomicI64::new(-1))
    }
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, count: u64) {
        self.0.fetch_add(count, ORDER);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(ORDER)
    }
}

/// The numbers of a [`Consumer`](super::Consumer) and of its group, from [`Consumer::monitor`](super::Consumer::monitor): for metrics, health checks and
/// scaling. Clones share them.
#[derive(Clone)]
pub struct Monitor {
    pub(super) redis: Connector,
    pub(super) stream: Vec<u8>,
    pub(super) group: String,
    pub(super) counters: Arc<Counters>,
}

impl Monitor {
    /// How many entries of the stream the group has not been given yet. `None`: the server does not know, for entries were deleted, or the group was
    /// made in the middle of the stream. It is zero when nothing is left, whatever was trimmed.
    ///
    /// # Errors
    /// If Redis cannot be asked.
    pub async fn lag(&self) -> RedisResult<Option<u64>> {
        Ok(self.numbers().await?.0)
    }

    /// How many entries have been given to the group's consumers, this one or others, and are not acknowledged. 0 if there is no such group.
    ///
    /// # Errors
    /// If Redis cannot be asked.
    pub async fn pending(&self) -> RedisResult<u64> {
        Ok(self.numbers().await?.1)
    }

    async fn numbers(&self) -> RedisResult<(Option<u64>, u64)> {
        let script = Script::new(NUMBERS, &[&self.stream]).arg(&self.group);
        reply::numbers(script.run(&mut self.redis.get().await?).await?)
    }

    /// Whether Redis answers what the consumer asks: false before the first read, while Redis is away or the stream is none, and after the end.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.counters.is_reading()
    }

    /// Whether it waits for another consumer to end, because there is [an order](super::Consumer::ordered_by).
    #[must_use]
    pub fn is_standing_by(&self) -> bool {
        self.counters.is_standing_by()
    }

    /// How many entries this consumer has in hand: they are handled, wait for that, or for their next attempt.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        self.counters.hand.count().0
    }

    /// How many entries were handled.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.counters.handled.get()
    }

    /// How many attempts have failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.counters.failed.get()
    }

    /// How many entries were put among the dead letters.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        self.counters.dead.get()
    }

    /// How many entries were trimmed or deleted before they were handled: they are lost, and only their IDs were found.
    #[must_use]
    pub fn trimmed(&self) -> u64 {
        self.counters.trimmed.get()
    }

    /// How many entries were taken over from other consumers.
    #[must_use]
    pub fn taken_over(&self) -> u64 {
        self.counters.taken_over.get()
    }

    /// How many entries were handed back at the end.
    #[must_use]
    pub fn handed_back(&self) -> u64 {
        self.counters.handed_back.get()
    }

    /// How many acknowledgements the server knew nothing of: the group was lost, or another consumer had taken over the entry and was done before. They
    /// may have been handled twice.
    #[must_use]
    pub fn unacknowledged(&self) -> u64 {
        self.counters.unacknowledged.get()
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("group", &self.group)
            .field("is_reading", &self.is_reading())
            .field("in_hand", &self.in_hand())
            .finish_non_exhaustive()
    }
}
