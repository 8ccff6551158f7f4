//! Counts the probes under way, for tests with threads.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Permit;

/// By generation: a probe that was replaced, or whose circuit has opened meanwhile, is none any more.
pub(super) struct LiveProbes {
    counts: Vec<AtomicU32>,
    most: u32,
}

/// More generations than there are between two calls of a thread.
const GENERATIONS: usize = 4096;

impl LiveProbes {
    pub(super) fn at_most(most: u32) -> Self {
        Self {
            counts: (0..GENERATIONS).map(|_| AtomicU32::new(0)).collect(),
            most,
        }
    }

    /// Counts the call, if it is a probe, until what this gives is dropped: to be done before the permit goes back, when another
    /// thread may have it at once.
    pub(super) fn enter(&self, permit: &Permit<'_>) -> Option<Live<'_>> {
        let count = permit.is_probe().then(|| self.count(permit.generation()))?;
        let others = count.fetch_add(1, Ordering::SeqCst);
        assert!(others < self.most, "{} probes of {}", others + 1, self.most);
        Some(Live(count))
    }

    fn count(&self, generation: u64) -> &AtomicU32 {
        let generation = usize::try_from(generation).expect("18 bits");
        &self.counts[generation % GENERATIONS]
    }

    /// Those of a generation that were not told to have ended.
    #[cfg(rr_shuttle)]
    pub(super) fn live(&self, generation: u64) -> u32 {
        self.count(generation).load(Ordering::SeqCst)
    }
}

pub(super) struct Live<'a>(&'a AtomicU32);

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
