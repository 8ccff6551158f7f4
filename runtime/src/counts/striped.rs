//! A number to which many threads add at once, where there is no place for a cell of each.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

// A sum.
const ORDER: Ordering = Ordering::Relaxed;

const STRIPES: usize = if super::ON { 8 } else { 0 };

#[derive(Debug, Default)]
#[repr(align(64))]
struct Stripe(AtomicU64);

/// A sum. Empty where nothing is counted.
#[derive(Debug)]
pub(crate) struct Striped([Stripe; STRIPES]);

thread_local! {
    /// Which one is this thread's, from 1.
    static MINE: Cell<usize> = const { Cell::new(0) };
}

impl Striped {
    pub(crate) const fn new() -> Self {
        Self([const { Stripe(AtomicU64::new(0)) }; STRIPES])
    }

    #[inline]
    pub(crate) fn add(&self) {
        if super::ON {
            let mine = match MINE.get() {
                0 => next(),
                mine => mine,
            };
            let at = mine.checked_rem(self.0.len()).unwrap_or_default();
            if let Some(stripe) = self.0.get(at) {
                stripe.0.fetch_add(1, ORDER);
            }
        }
    }

    /// `None`: nothing is counted.
    pub(crate) fn sum(&self) -> Option<u64> {
        let sum = || self.0.iter().map(|stripe| stripe.0.load(ORDER)).sum();
        super::ON.then(sum)
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
