//! Values kept in the process, so that most reads need not go to Redis at all.
//!
//! An entry is served until its own deadline, and as long as it can be trusted: for good where time alone decides, and where changes are tracked for as long as it
//! is sure that each change was heard of (`validity`). Two rules keep an old value from being stored over the news that it is old:
//!
//! * Whoever is about to read a value that may be stored takes a [`Ticket`] first. [`fill`](Near::fill) refuses it when the key was forgotten since, or
//!   everything was (`stripes`): the value may have been read before the change that this was about.
//! * The reply has to come from the server whose changes are heard of ([`HasOrigin`]). After a failover a connection may still lead to the former primary.

pub(crate) mod stripes;
pub(crate) mod validity;
pub(crate) mod weight;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use redis_resilient_connection::__seam::listening::{HasOrigin, Origin};
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};

use stripes::Stripes;
use validity::Validity;
use weight::Bounds;

/// Values of one type, by their keys in Redis. Clones are the same.
pub struct Near<T> {
    store: Arc<Store<T>>,
}

impl<T> Clone for Near<T> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
        }
    }
}

impl<T> fmt::Debug for Near<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Near")
            .field("entries", &self.store.entries.entry_count())
            .field("validity", &self.store.validity)
            .finish_non_exhaustive()
    }
}

/// What is to be told of changes.
pub(crate) trait Forgets: Send + Sync {
    fn forget(&self, key: &str);
    /// All of it.
    fn clear(&self);
}

struct Store<T> {
    entries: Cache<Arc<str>, Kept<T>>,
    stripes: Stripes,
    validity: Arc<Validity>,
    /// The longest that an entry is kept.
    longest_ms: u64,
    bounds: Bounds,
}

struct Kept<T> {
    value: Arc<T>,
    /// Of the validity, when the read began.
    epoch: u64,
    /// Its own deadline.
    until_ms: u64,
    weight: u32,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            ..*self
        }
    }
}

/// Leave to store what is read from now on.
#[derive(Debug)]
pub struct Ticket {
    forgotten: u64,
    epoch: u64,
    taken_ms: u64,
    /// From where the reply has to come; `None`: from anywhere.
    origin: Option<Origin>,
}

impl<T: Send + Sync + 'static> Near<T> {
    /// One in which an entry is served for this long, whatever becomes of it in Redis meanwhile.
    pub fn for_a_time(time: Duration, bounds: Bounds) -> Self {
        Self::new(Arc::new(Validity::always()), whole_millis(time), bounds)
    }

    /// One in which an entry is served as long as this is valid.
    pub(crate) fn valid(validity: Arc<Validity>, bounds: Bounds) -> Self {
        Self::new(validity, u64::MAX, bounds)
    }

    fn new(validity: Arc<Validity>, longest_ms: u64, bounds: Bounds) -> Self {
        let entries = Cache::builder()
            .max_capacity(bounds.capacity())
            .weigher(|_: &Arc<str>, kept: &Kept<T>| kept.weight)
            .build();
        let store = Store {
            entries,
            stripes: Stripes::new(),
            validity,
            longest_ms,
            bounds,
        };
        Self {
            store: Arc::new(store),
        }
    }

    /// What is kept and can be trusted. Takes no lock and allocates nothing.
    #[inline]
    pub fn get(&self, key: &str) -> Option<Arc<T>> {
        let Store {
            entries, validity, ..
        } = &*self.store;
        // Before the entry is looked up: what was heard of until it was said has been forgotten by then.
        let trusted_until_ms = validity.until_ms();
        let kept = entries.get(key)?;
        let until_ms = kept.until_ms.min(trusted_until_ms);
        let is_good = now_ms() < until_ms && validity.is(kept.epoch);
        is_good.then_some(kept.value)
    }

    /// To be taken before a read begins whose value may be stored.
    pub fn ticket(&self, key: &str) -> Ticket {
        let Store {
            stripes, validity, ..
        } = &*self.store;
        // The epoch first: what comes between then refuses the ticket.
        let (epoch, origin) = validity.now();
        Ticket {
            forgotten: *stripes.of(key),
            epoch,
            taken_ms: now_ms(),
            origin,
        }
    }

    /// Stores a value that was read over this connection, `bytes` long in Redis, which Redis keeps for so `long` after the read; `None`: for ever. `false`: it
    /// may be old already, or nothing can be trusted at present.
    pub fn fill(
        &self,
        ticket: &Ticket,
        from: &impl HasOrigin,
        key: &str,
        value: Arc<T>,
        bytes: usize,
        long: Option<Duration>,
    ) -> bool {
        if ticket.origin.is_some() && from.origin() != ticket.origin {
            return false;
        }
        let long_ms = long.map_or(u64::MAX, whole_millis);
        let store = &*self.store;
        let kept = Kept {
            value,
            epoch: ticket.epoch,
            // From before the server was asked: it may have taken its time to answer.
            until_ms: ticket
                .taken_ms
                .saturating_add(long_ms.min(store.longest_ms)),
            weight: store.bounds.weight(key.len(), bytes),
        };
        // Whoever forgets the key does so before this is stored, and then the ticket is refused, or after.
        let forgotten = store.stripes.of(key);
        let is_good = *forgotten == ticket.forgotten && store.validity.is_on(ticket.epoch);
        if is_good {
            store.entries.insert(key.into(), kept);
        }
        is_good
    }

    /// The value may have changed: it is not served any more, and nobody stores what was read before this.
    pub fn forget(&self, key: &str) {
        self.store.forget(key);
    }

    /// The same of all of them.
    pub fn clear(&self) {
        self.store.clear();
    }

    /// Whether anything can be served at present.
    pub fn is_trusted(&self) -> bool {
        now_ms() < self.store.validity.until_ms()
    }

    /// How many entries there are, roughly.
    pub(crate) fn entries(&self) -> u64 {
        // It counts what it has come round to.
        self.store.entries.run_pending_tasks();
        self.store.entries.entry_count()
    }

    /// What is to be told of changes.
    pub(crate) fn forgets(&self) -> Arc<dyn Forgets> {
        self.store.clone()
    }
}

impl<T: Send + Sync + 'static> Forgets for Store<T> {
    fn forget(&self, key: &str) {
        let removed;
        {
            let mut forgotten = self.stripes.of(key);
            *forgotten += 1;
            removed = self.entries.remove(key);
        }
        // The application's own code may run as it is dropped.
        drop(removed);
    }

    fn clear(&self) {
        self.validity.begin_anew();
        // None is served any more; this is for their memory.
        self.entries.invalidate_all();
    }
}

#[cfg(test)]
mod tests;
