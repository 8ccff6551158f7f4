//! What a watchdog knows of one who waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::moment::NEVER;

// One side writes `due` and reads `queued`, the other one writes `queued` and reads `due`: one of them has to see what the other has written.
const ORDER: Ordering = Ordering::SeqCst;

/// One who waits, or has waited, or is going to.
#[derive(Debug)]
pub(super) struct Entry {
    /// When his time is over; `NEVER`: he does not wait. Only he writes it.
    due: AtomicU64,
    /// When the watchdog is going to look at it; `NEVER`: it is in no queue. Written under the lock of its queue.
    queued: AtomicU64,
    /// There for as long as the entry is in the queue.
    waker: Mutex<Option<Waker>>,
}

impl Entry {
    pub(super) const fn new() -> Self {
        Self {
            due: AtomicU64::new(NEVER),
            queued: AtomicU64::new(NEVER),
            waker: Mutex::new(None),
        }
    }

    /// He waits until then. `false`: the watchdog would not look at it in time.
    #[inline]
    pub(super) fn waits_until(&self, due: u64) -> bool {
        // An exchange, for its order: a mere store might come after the load.
        self.due.swap(due, ORDER);
        self.queued() <= due
    }

    /// He does not wait any more. The watchdog may learn of it later: it wakes once in vain then.
    #[inline]
    pub(super) fn rests(&self) {
        self.due.store(NEVER, Ordering::Release);
    }

    pub(super) fn due(&self) -> u64 {
        self.due.load(ORDER)
    }

    #[inline]
    pub(super) fn queued(&self) -> u64 {
        self.queued.load(ORDER)
    }

    pub(super) fn set_queued(&self, at: u64) {
        self.queued.store(at, ORDER);
    }

    pub(super) fn set_waker(&self, waker: &Waker) {
        let waker = waker.clone();
        let before = self.waker().replace(waker);
        // The lock is free again: this may drop a task, which may do anything.
        drop(before);
    }

    pub(super) fn take_waker(&self) -> Option<Waker> {
        self.waker().take()
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
