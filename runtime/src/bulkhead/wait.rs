//! Waiting until there is room, in a task or on a thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::occupancy::ONE_WAITING;
use super::{Bulkhead, BulkheadPermit};

impl Bulkhead {
    /// A place, as soon as there is one.
    #[cold]
    pub(super) async fn wait(&self) -> BulkheadPermit<'_> {
        // From here on everybody who leaves says so.
        let _waiter = Waiter::new(self);
        loop {
            let mut freed = pin!(self.freed.notified());
            // In the queue before the look: a place that becomes free after it is told of.
            freed.as_mut().enable();
            if let Some(permit) = self.enter() {
                // If it was told of a place as well, dropping `freed` tells the next in the queue.
                return permit;
            }
            freed.await;
        }
    }
}

/// Counted as long as it waits.
struct Waiter<'a>(&'a Bulkhead);

impl<'a> Waiter<'a> {
    fn new(bulkhead: &'a Bulkhead) -> Self {
        // One word for both counts: whoever leaves either sees this, or has left before the look that follows.
        bulkhead.occupancy.fetch_add(ONE_WAITING, Ordering::Relaxed);
        Self(bulkhead)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.occupancy.fetch_sub(ONE_WAITING, Ordering::Relaxed);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The value of `future`, if it is there within `limit`; the thread is blocked until then.
pub(super) fn block_on<F: Future>(future: F, limit: Duration) -> Option<F::Output> {
    let begun = Instant::now();
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}
