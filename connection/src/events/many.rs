//! Connections of which there are many, and which are told of as one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

// Each is a hint by itself; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// Told of when the first is made, and when the first of those that were made since then is lost.
#[derive(Debug, Default)]
pub(super) struct Many {
    /// Another number after a loss.
    generation: AtomicU64,
    is_up: AtomicBool,
}

impl Many {
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(ORDER)
    }

    /// One was made. Whether it is the first.
    pub(super) fn is_first(&self) -> bool {
        !self.is_up.swap(true, ORDER)
    }

    /// One of this generation is lost. Whether it is the first.
    pub(super) fn is_first_lost(&self, generation: u64) -> bool {
        let next = generation.wrapping_add(1);
        let exchanged = self
            .generation
            .compare_exchange(generation, next, ORDER, ORDER);
        exchanged.is_ok()
    }

    /// All are as good as lost, and that has been told.
    pub(super) fn ends(&self) {
        self.generation.fetch_add(1, ORDER);
    }

    /// One is lost, or none could be made: the next one that is made is told of.
    pub(super) fn fails(&self) {
        self.is_up.store(false, ORDER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_generation_is_told_of() {
        let many = Many::default();
        let one = many.generation();
        assert!(many.is_first());
        assert!(!many.is_first());
        assert!(many.is_first_lost(one));
        many.fails();
        assert!(!many.is_first_lost(one));
        let two = many.generation();
        assert!(many.is_first());
        assert!(!many.is_first_lost(one), "one of before");
        assert!(many.is_first_lost(two));
        many.ends();
        assert!(!many.is_first_lost(two.wrapping_add(1)));
    }
}
