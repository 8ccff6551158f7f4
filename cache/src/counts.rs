//! How often a cache has served from where: for the registry.

use std::sync::atomic::{AtomicU64, Ordering};

use redis_resilient_runtime::__seam::counts::{STRIPES, Striped};

use crate::served::Served;

// Sums, and what is shown: nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// Counts since the cache was made.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Reads from memory take so little time that one count for all threads would cost more than they do. Where calls are not counted, these are not
    /// either.
    near: Striped<STRIPES>,
    redis: AtomicU64,
    stale: AtomicU64,
    loaded: AtomicU64,
    failed: AtomicU64,
    loads: AtomicU64,
    failed_loads: AtomicU64,
}

impl Counts {
    /// A value was served from the memory of this process.
    #[inline]
    pub(crate) fn near_hit(&self) {
        self.near.add();
    }

    /// A value was served from there.
    pub(crate) fn served(&self, served: Served) {
        match served {
            Served::Redis => add_one(&self.redis),
            Served::Stale { .. } => add_one(&self.stale),
            Served::Loaded => add_one(&self.loaded),
            // Counted where it is found.
            Served::Near => {}
        }
    }

    /// A caller got an error.
    pub(crate) fn read_failed(&self) {
        add_one(&self.failed);
    }

    /// A load has ended.
    pub(crate) fn loaded(&self, has_failed: bool) {
        add_one(&self.loads);
        if has_failed {
            add_one(&self.failed_loads);
        }
    }

    /// `None`: they are not counted.
    pub(crate) fn near(&self) -> Option<u64> {
        self.near.sum()
    }

    pub(crate) fn redis(&self) -> u64 {
        self.redis.load(ORDER)
    }

    pub(crate) fn stale(&self) -> u64 {
        self.stale.load(ORDER)
    }

    /// Reads that were answered by a load, be it another one's.
    pub(crate) fn loaded_reads(&self) -> u64 {
        self.loaded.load(ORDER)
    }

    pub(crate) fn failed_reads(&self) -> u64 {
        self.failed.load(ORDER)
    }

    /// Of loads how many there were, and how many failed.
    pub(crate) fn loads(&self) -> (u64, u64) {
        // In this order there are never more that failed than there were.
        let failed = self.failed_loads.load(ORDER);
        (self.loads.load(ORDER).max(failed), failed)
    }
}

fn add_one(count: &AtomicU64) {
    count.fetch_add(1, ORDER);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn hits_of_many_threads_are_all_counted_each_where_it_was_served_from() {
        let counts = Counts::default();
        let threads = 16;
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        counts.near_hit();
                    }
                    let overdue = Duration::ZERO;
                    let stale = Served::Stale { overdue };
                    for served in [Served::Redis, stale, Served::Near, Served::Loaded] {
                        counts.served(served);
                    }
                    counts.read_failed();
                    counts.loaded(false);
                    counts.loaded(true);
                });
            }
        });
        if let Some(near) = counts.near() {
            assert_eq!(near, threads * 1_000);
        }
        assert_eq!((counts.redis(), counts.stale()), (threads, threads));
        let read = (counts.loaded_reads(), counts.failed_reads());
        assert_eq!(read, (threads, threads));
        assert_eq!(counts.loads(), (2 * threads, threads));
    }
}
