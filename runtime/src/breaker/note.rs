//! The whole of the time of which the state word has the low bits: what is noted beside the word, for [`Stamp`](super::stamp::Stamp).

use std::sync::atomic::{AtomicU64, Ordering};

/// Zero before there was a time.
#[derive(Debug)]
pub(super) struct Note {
    whole_ms: AtomicU64,
    #[cfg(all(test, rr_loom))]
    explored: crate::sync::AtomicU64,
}

impl Note {
    pub(super) const fn new() -> Self {
        Self {
            whole_ms: AtomicU64::new(0),
            #[cfg(all(test, rr_loom))]
            explored: crate::sync::AtomicU64::new(0),
        }
    }

    pub(super) fn whole_ms(&self) -> u64 {
        #[cfg(all(test, rr_loom))]
        if explored::is_on() {
            return self.explored.load(Ordering::Relaxed);
        }
        self.whole_ms.load(Ordering::Relaxed)
    }

    /// To be followed by a look at the word: an exchange sees what was done before the ones before it, so that whoever writes last
    /// looks at the last word.
    pub(super) fn write(&self, whole_ms: u64) {
        #[cfg(all(test, rr_loom))]
        if explored::is_on() {
            self.explored.swap(whole_ms, Ordering::AcqRel);
            return;
        }
        self.whole_ms.swap(whole_ms, Ordering::AcqRel);
    }
}

/// Where a test is not about notes, they are no steps of the model: it would take ten times as long.
#[cfg(all(test, rr_loom))]
pub(super) mod explored {
    use std::cell::Cell;

    thread_local! {
        // All threads of a model run on the one thread of their test.
        static ON: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn is_on() -> bool {
        ON.get()
    }

    /// From here on, in this test.
    pub(in crate::breaker) fn begin() {
        ON.set(true);
    }
}
