//! What would be told of each of many connections, messages or values, and is told once for a while.
#![allow(missing_docs, reason = "it is no public API")]

use std::sync::atomic::{AtomicU64, Ordering};

// Each is a hint by itself; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// How long no more is told of what comes often.
pub const SILENCE_MS: u64 = 1000;

/// Something that is told, and then not for a while.
#[derive(Debug, Default)]
pub struct Rarely {
    silent_until_ms: AtomicU64,
}

impl Rarely {
    /// Whether it is to be told now, and then not for so long.
    pub fn is_due(&self, now_ms: u64, silent_ms: u64) -> bool {
        let until_ms = self.silent_until_ms.load(ORDER);
        let next_ms = now_ms.saturating_add(silent_ms);
        now_ms >= until_ms
            && self
                .silent_until_ms
                .compare_exchange(until_ms, next_ms, ORDER, ORDER)
                .is_ok()
    }
}

/// The same of what is counted: what was not told is told with the next.
#[derive(Debug, Default)]
pub struct Counted {
    rarely: Rarely,
    count: AtomicU64,
}

impl Counted {
    /// How many are to be told now; `None`: later.
    pub fn add(&self, count: u64, now_ms: u64) -> Option<u64> {
        self.count.fetch_add(count, ORDER);
        let is_due = self.rarely.is_due(now_ms, SILENCE_MS);
        is_due
            .then(|| self.count.swap(0, ORDER))
            .filter(|count| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_for_a_while() {
        let rarely = Rarely::default();
        assert!(rarely.is_due(10, 100));
        assert!(!rarely.is_due(109, 100));
        assert!(rarely.is_due(110, 100));
    }

    #[test]
    fn what_was_not_told_is_told_with_the_next() {
        let missed = Counted::default();
        assert_eq!(missed.add(3, 10), Some(3));
        assert_eq!(missed.add(4, 20), None);
        assert_eq!(missed.add(5, 30), None);
        assert_eq!(missed.add(6, 10 + SILENCE_MS), Some(15));
    }
}
