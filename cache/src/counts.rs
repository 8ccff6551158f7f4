//! How often a cache has served from where: for the registry.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::served::Served;

// Sums, and what is shown: nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// So many threads count beside each other without sharing a cache line.
const STRIPES: usize = 8;

/// Counts since the cache was made.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Reads from memory take so little time that one count for all threads would cost more than they do.
    near: [Stripe; STRIPES],
    redis: AtomicU64,
    stale: AtomicU64,
    loads: AtomicU64,
    failed_loads: AtomicU64,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

thread_local! {
    /// The stripe in which this thread counts.
    static STRIPE: usize = {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        usize::try_from(NEXT.fetch_add(1, ORDER)).unwrap_or(0) % STRIPES
    };
}

impl Counts {
    /// A value was served from the memory of this process.
    #[inline]
    pub(crate) fn near_hit(&self) {
        // A thread that ends counts in the first.
        let stripe = STRIPE.try_with(|stripe| *stripe).unwrap_or(0);
        add_one(&self.near[stripe].0);
    }

    /// A value was served from there.
    pub(crate) fn served(&self, served: Served) {
        match served {
            Served::Redis => add_one(&self.redis),
            Served::Stale { .. } => add_one(&self.stale),
            // Counted where it is found, or has been loaded.
            Served::Near | Served::Loaded => {}
        }
    }

    /// A load has ended.
    pub(crate) fn loaded(&self, has_failed: bool) {
        add_one(&self.loads);
        if has_failed {
            add_one(&self.failed_loads);
        }
    }

    pub(crate) fn near(&self) -> u64 {
        let stripes = self.near.iter();
        stripes.map(|stripe| stripe.0.load(ORDER)).sum()
    }

    pub(crate) fn redis(&self) -> u64 {
        self.redis.load(ORDER)
    }

    pub(crate) fn stale(&self) -> u64 {
        self.stale.load(ORDER)
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
        std::thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        counts.near_hit();
                    }
                    let overdue = Duration::ZERO;
                    for served in [Served::Redis, Served::Stale { overdue }, Served::Near] {
                        counts.served(served);
                    }
                    counts.loaded(false);
                    counts.loaded(true);
                });
            }
        });
        let threads = 2 * STRIPES as u64;
        assert_eq!(counts.near(), threads * 1_000);
        assert_eq!((counts.redis(), counts.stale()), (threads, threads));
        assert_eq!(counts.loads(), (2 * threads, threads));
    }
}
