//! The only place that names the atomics whose interleavings are explored: the breaker's word, the budget's, the bulkhead's.
//!
//! They are those of `std`, but for the tests that run under a model checker: `--cfg rr_loom` or `--cfg rr_shuttle`, see
//! `runtime/VERIFICATION.md`. What decides nothing (the time of the last transition, the process-wide switch) is never modelled.

#[cfg(not(all(test, any(rr_loom, rr_shuttle))))]
pub(crate) use std::sync::atomic::AtomicU64;

#[cfg(all(test, any(rr_loom, rr_shuttle)))]
pub(crate) mod clock;
#[cfg(all(test, any(rr_loom, rr_shuttle)))]
mod late;

#[cfg(all(test, any(rr_loom, rr_shuttle)))]
pub(crate) use late::AtomicU64;

/// Checks `execution` in all interleavings of its threads, or those within the bound set by `LOOM_MAX_PREEMPTIONS`.
#[cfg(all(test, rr_loom))]
pub(crate) fn explore(execution: impl Fn() + Send + Sync + 'static) {
    loom::model(move || {
        // An execution has to go the same way when it is run again.
        fastrand::seed(7);
        clock::start();
        execution();
    });
}
