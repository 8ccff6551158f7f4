//! What is kept beside the count: made when there is first something to tell, so that one with room has none.

#[cfg(feature = "overrides")]
use std::sync::atomic::AtomicU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::Bulkhead;
use super::occupancy::Occupancy;
use crate::clock::now_ms;
use crate::handle::{Handle, Way};
#[cfg(feature = "overrides")]
use crate::overrides;
use crate::weak_list::WeakList;

// A sum, and what is shown.
const ORDER: Ordering = Ordering::Relaxed;

static LIST: WeakList<Record> = WeakList::new();

/// All of a bulkhead but the count itself.
#[derive(Debug)]
pub(crate) struct Record {
    name: &'static str,
    limit: u32,
    /// What was said in place of it; 0: nothing.
    #[cfg(feature = "overrides")]
    said: AtomicU32,
    refused: AtomicU64,
    /// When it was last full, in milliseconds; 0 if it never was.
    refused_at_ms: AtomicU64,
    /// Set if it is known to be there for others.
    way: OnceLock<Way<Bulkhead>>,
}

/// What a bulkhead was doing at one moment, as [`Registry::bulkheads`](crate::Registry::bulkheads) tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadSnapshot {
    /// The name given to [`Bulkhead::new`].
    pub name: &'static str,
    /// How many calls may be inside at once.
    pub limit: u32,
    /// How many are inside now; `None`: it is not known for one that was not registered.
    pub inside: Option<u32>,
    /// How many wait for room now; `None` as for [`inside`](Self::inside).
    pub waiting: Option<u32>,
    /// Calls for which there was no room.
    pub refused: u64,
    /// How long ago there was last no room, in whole milliseconds; `None` if there always was.
    pub last_refused: Option<Duration>,
}

impl Record {
    pub(crate) fn handle(&self) -> Option<Handle<Bulkhead>> {
        self.way.get()?.handle()
    }

    /// As it is in force.
    fn limit(&self) -> u32 {
        #[cfg(feature = "overrides")]
        match self.said.load(ORDER) {
            0 => {}
            said => return said,
        }
        self.limit
    }

    /// Goes by what is said of its bulkhead now.
    #[cfg(feature = "overrides")]
    fn retune(&self) {
        overrides::with_said_of(
            &[self.name],
            |said| &said.bulkheads,
            |said| {
                let limit = said.and_then(|said| said.limit);
                self.said.store(limit.unwrap_or_default(), ORDER);
            },
        );
    }

    pub(crate) fn snapshot(&self) -> BulkheadSnapshot {
        let occupancy = self.handle().map(|bulkhead| bulkhead.occupancy());
        let refused_at_ms = self.refused_at_ms.load(ORDER);
        BulkheadSnapshot {
            name: self.name,
            limit: self.limit(),
            inside: occupancy.map(Occupancy::inside),
            waiting: occupancy.map(Occupancy::waiting),
            refused: self.refused.load(ORDER),
            last_refused: (refused_at_ms != 0)
                .then(|| Duration::from_millis(now_ms().saturating_sub(refused_at_ms))),
        }
    }
}

impl Bulkhead {
    /// There was no room: it is listed from now on.
    #[cold]
    #[inline(never)]
    pub(crate) fn note_refusal(&self) {
        let record = self.record();
        record.refused.fetch_add(1, ORDER);
        record.refused_at_ms.store(now_ms(), ORDER);
    }

    /// What settings say, or how it was made.
    #[cfg(feature = "overrides")]
    #[cold]
    #[inline(never)]
    pub(super) fn limit_in_force(&self) -> u32 {
        self.record().limit()
    }

    /// Is listed from now on, with a way to it.
    pub(crate) fn lead(&self, way: Way<Self>) {
        let _ = self.record().way.set(way);
    }

    fn record(&self) -> &Record {
        self.record.get_or_init(|| {
            let record = Arc::new(Record {
                name: self.name,
                limit: self.limit,
                #[cfg(feature = "overrides")]
                said: AtomicU32::new(0),
                refused: AtomicU64::new(0),
                refused_at_ms: AtomicU64::new(0),
                way: OnceLock::new(),
            });
            LIST.add_new(&record);
            // Once it is listed: whoever says something from now on finds it.
            #[cfg(feature = "overrides")]
            record.retune();
            record
        })
    }
}

/// Has all of them go by what is said now.
#[cfg(feature = "overrides")]
pub(crate) fn retune_all() {
    for record in LIST.all() {
        record.retune();
    }
}

/// All records whose bulkheads live, by name; of the same name, those made earlier first.
pub(crate) fn all() -> Vec<Arc<Record>> {
    let mut records = LIST.all();
    records.sort_by_key(|record| record.name);
    records
}
