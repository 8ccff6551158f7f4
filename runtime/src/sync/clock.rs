//! Time as a model's threads see it: set by the test, and no part of what is explored, or each look at the clock would be a branch.

use std::cell::Cell;

/// Late enough that no time of a test is near zero.
const START_MS: u64 = 1_000_000;

thread_local! {
    // All threads of a model run on the one thread of their test.
    static NOW_MS: Cell<Option<u64>> = const { Cell::new(None) };
}

/// `None` outside of a model.
pub(crate) fn now_ms() -> Option<u64> {
    NOW_MS.get()
}

/// At the beginning of each execution.
pub(crate) fn start() {
    NOW_MS.set(Some(START_MS));
}

pub(crate) fn advance(by_ms: u64) {
    NOW_MS.set(NOW_MS.get().map(|now_ms| now_ms + by_ms));
}
