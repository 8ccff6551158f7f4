//! A number to which many threads add at once, where there is no place for a cell of each.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

// A sum.
const ORDER: Ordering = Ordering::Relaxed;

/// So many threads add beside each other, where calls are counted; else there is nothing to add to.
pub const STRIPES: usize = if super::ON { 8 } else { 0 };

/// Two lines of a cache: processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

/// A sum in `N` parts. Of none it takes no room, and adding to it is nothing.
#[derive(Debug)]
pub struct Striped<const N: usize>([Stripe; N]);

thread_local! {
    /// Which one is this thread's, from 1. It needs no `drop`, so that looking it up is one load, also while the thread ends.
    static MINE: Cell<usize> = const { Cell::new(0) };
}

impl<const N: usize> Striped<N> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self([const { Stripe(AtomicU64::new(0)) }; N])
    }

    /// Adds one.
    #[inline]
    pub fn add(&self) {
        if N == 0 {
            return;
        }
        let mine = match MINE.get() {
            0 => next(),
            mine => mine,
        };
        let at = mine.checked_rem(N).unwrap_or_default();
        if let Some(stripe) = self.0.get(at) {
            stripe.0.fetch_add(1, ORDER);
        }
    }

    /// `None`: nothing is counted.
    #[must_use]
    pub fn sum(&self) -> Option<u64> {
        let sum = || self.0.iter().map(|stripe| stripe.0.load(ORDER)).sum();
        (N > 0).then(sum)
    }
}

impl<const N: usize> Default for Striped<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cold]
#[inline(never)]
fn next() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    let mine = THREADS.fetch_add(1, ORDER) % 1024 + 1;
    MINE.set(mine);
    mine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_add_is_all_there() {
        let sum = Striped::<8>::new();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| (0..1_000).for_each(|_| sum.add()));
            }
        });
        assert_eq!(sum.sum(), Some(20_000));
    }

    #[test]
    fn of_no_parts_it_takes_no_room_and_has_no_sum() {
        let none = Striped::<0>::new();
        none.add();
        assert_eq!((none.sum(), size_of_val(&none)), (None, 0));
    }
}
