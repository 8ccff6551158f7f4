//! A limit on how many calls are in one place at once: an atomic shell around a count, and a queue that is touched only when it is full.

mod occupancy;
mod permit;
pub(crate) mod record;
mod source;
mod wait;

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Notify;

use self::occupancy::Occupancy;
pub use self::permit::BulkheadPermit;
pub use self::record::BulkheadSnapshot;
pub use self::source::{IntoBulkhead, bulkhead, static_bulkhead};
pub use self::wait::block_on;
use crate::Rejection;
use crate::event::{BulkheadFull, Event};
use crate::observer;
use crate::sync::AtomicU64;

/// A limit on how many calls may be inside at once, to be put in a `static` and shared by all that leads to one place.
///
/// When Redis fails, its whole load falls on what is behind it. A database that is asked more than it can answer answers nobody, and
/// does not recover while that goes on. With a limit some callers are told no at once, and all others are served.
///
/// The attribute has one for each function with a fallback, of 64 calls. One `Bulkhead` in front of one database, named by all functions
/// that fall back on it and asked on the way of a cache miss too, limits them together:
///
/// ```
/// use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
/// use redis_resilient::{Bulkhead, redis_resilient};
///
/// static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);
///
/// #[redis_resilient(fallback = from_database, fallback_limit = PRIMARY)]
/// async fn cached(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
///     conn.get(id).await
/// }
///
/// async fn from_database(_: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
///     Ok(Some(format!("user {id}, as the database has it")))
/// }
///
/// async fn user(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
///     if let Some(user) = cached(conn, id).await? {
///         return Ok(Some(user));
///     }
///     let _permit = PRIMARY.try_acquire()?;
///     from_database(conn, id).await
/// }
/// ```
///
/// It limits calls to Redis as well, so that a slow Redis does not keep all tasks or threads busy. Named as `limit`, it is asked before
/// each attempt. A full one is not a failure of Redis: the call is not tried again, the breaker does not count it, and the fallback
/// answers.
///
/// ```
/// # use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
/// # use redis_resilient::{Bulkhead, redis_resilient};
/// static POOL: Bulkhead = Bulkhead::new("pool", 100);
///
/// #[redis_resilient(limit = POOL)]
/// async fn name(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
///     conn.get(id).await
/// }
/// ```
///
/// Entering and leaving are one atomic write each; no lock is taken while nobody waits.
pub struct Bulkhead {
    occupancy: AtomicU64,
    limit: u32,
    name: &'static str,
    /// Told of each place that becomes free while somebody waits.
    freed: Notify,
    /// Made when there is first something to tell.
    record: OnceLock<Arc<record::Record>>,
}

impl Bulkhead {
    /// An empty one, with room for `limit` calls. `name` is for events and rejections.
    ///
    /// # Panics
    /// If `limit` is zero; at compile time in a `static`.
    #[must_use]
    pub const fn new(name: &'static str, limit: u32) -> Self {
        assert!(limit > 0, "the limit of a bulkhead has to be at least 1");
        Self {
            occupancy: AtomicU64::new(Occupancy::EMPTY.bits()),
            limit,
            name,
            freed: Notify::const_new(),
            record: OnceLock::new(),
        }
    }

    /// Room for so many.
    pub(crate) const fn resize(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// The name given to [`new`](Self::new).
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How many calls may be inside at once: as it was made, or as settings say.
    #[inline]
    #[must_use]
    pub fn limit(&self) -> u32 {
        #[cfg(feature = "overrides")]
        if crate::overrides::is_said_of_bulkheads() {
            return self.limit_in_force();
        }
        self.limit
    }

    /// How many calls are inside now.
    #[must_use]
    pub fn inside(&self) -> u32 {
        self.occupancy().inside()
    }

    /// Leave to be inside, if there is room now.
    ///
    /// ```
    /// use redis_resilient::{Bulkhead, Rejection};
    ///
    /// static PRIMARY: Bulkhead = Bulkhead::new("primary", 1);
    ///
    /// let permit = PRIMARY.try_acquire().expect("nobody is inside");
    /// let refused = PRIMARY.try_acquire().expect_err("it is full");
    /// assert!(matches!(refused, Rejection::Saturated { bulkhead: "primary", limit: 1, .. }));
    /// drop(permit);
    /// assert!(PRIMARY.try_acquire().is_ok());
    /// ```
    ///
    /// # Errors
    /// [`Rejection::Saturated`] if it is full.
    #[inline]
    pub fn try_acquire(&self) -> Result<BulkheadPermit<'_>, Rejection> {
        self.enter().ok_or_else(|| self.turns_away())
    }

    /// As [`try_acquire`](Self::try_acquire), waiting for room for at most `limit`.
    ///
    /// Those who wait are let in in the order in which they came, unless somebody else is faster: one who has not waited, or who waits and looks again
    /// by himself, which all do after 10 to 40 ms. So one whose future is left unpolled holds nobody up for longer.
    ///
    /// # Errors
    /// [`Rejection::Saturated`] if it is still full then.
    ///
    /// # Panics
    /// If it has to wait outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Safe: dropped while it waits, it leaves the queue, and what it has been told of goes to the next.
    ///
    /// ```
    /// # use redis_resilient::{Bulkhead, Rejection};
    /// # use std::time::Duration;
    /// static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);
    ///
    /// async fn query() -> Result<u64, Rejection> {
    ///     let _permit = PRIMARY.acquire_within(Duration::from_millis(50)).await?;
    ///     Ok(7)
    /// }
    /// ```
    pub async fn acquire_within(&self, limit: Duration) -> Result<BulkheadPermit<'_>, Rejection> {
        if let Some(permit) = self.enter() {
            return Ok(permit);
        }
        let waited = tokio::time::timeout(limit, self.wait_looking()).await;
        waited.map_err(|_| self.turns_away())
    }

    /// As [`acquire_within`](Self::acquire_within), by blocking the thread: not for async code.
    ///
    /// It needs no runtime, and does not follow `tokio::time::pause`.
    ///
    /// # Errors
    /// [`Rejection::Saturated`] if it is still full then.
    ///
    /// ```
    /// # use redis_resilient::{Bulkhead, Rejection};
    /// # use std::time::Duration;
    /// static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);
    ///
    /// fn query() -> Result<u64, Rejection> {
    ///     let _permit = PRIMARY.acquire_blocking_within(Duration::from_millis(50))?;
    ///     Ok(7)
    /// }
    /// # assert_eq!(query(), Ok(7));
    /// ```
    pub fn acquire_blocking_within(
        &self,
        limit: Duration,
    ) -> Result<BulkheadPermit<'_>, Rejection> {
        if let Some(permit) = self.enter() {
            return Ok(permit);
        }
        block_on(self.wait(), limit).ok_or_else(|| self.turns_away())
    }

    /// As [`try_acquire`](Self::try_acquire), without the reason.
    #[inline]
    pub(crate) fn enter(&self) -> Option<BulkheadPermit<'_>> {
        let limit = self.limit();
        let entered = self.occupancy.fetch_update(
            // Who enters sees what those have done who left.
            Ordering::Acquire,
            Ordering::Relaxed,
            |bits| Some(Occupancy::from_bits(bits).enter(limit)?.bits()),
        );
        entered.is_ok().then(|| BulkheadPermit::new(self))
    }

    /// A place even if there is no room.
    pub(crate) fn enter_regardless(&self) -> BulkheadPermit<'_> {
        self.occupancy
            .fetch_add(occupancy::ONE_INSIDE, Ordering::Acquire);
        BulkheadPermit::new(self)
    }

    #[inline]
    fn leave(&self) {
        let before = self
            .occupancy
            .fetch_sub(occupancy::ONE_INSIDE, Ordering::Release);
        if Occupancy::from_bits(before).has_waiters() {
            self.freed.notify_one();
        }
    }

    /// Tells that there is no room, and gives what the call is told.
    #[cold]
    fn turns_away(&self) -> Rejection {
        self.note_refusal();
        observer::emit(&Event::BulkheadFull(BulkheadFull {
            bulkhead: self.name,
            limit: self.limit(),
            function: None,
            breaker: None,
        }));
        self.saturated()
    }

    /// What a call is told for which there is no room.
    pub(crate) fn saturated(&self) -> Rejection {
        Rejection::Saturated {
            bulkhead: self.name,
            limit: self.limit(),
        }
    }

    fn occupancy(&self) -> Occupancy {
        Occupancy::from_bits(self.occupancy.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead")
            .field("name", &self.name)
            .field("limit", &self.limit())
            .field("inside", &self.inside())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, rr_loom))]
mod loom_tests;
#[cfg(all(test, rr_shuttle))]
mod shuttle_tests;
#[cfg(test)]
#[path = "bulkhead/tests.rs"]
mod tests;
