//! Waiting until there is room, in a task or on a thread.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::occupancy::ONE_WAITING;
use super::{Bulkhead, BulkheadPermit};

impl Bulkhead {
    /// A place, as soon as there is one: it is looked for each time that this is polled.
    #[cold]
    pub(super) async fn wait(&self) -> BulkheadPermit<'_> {
        // From here on everybody who leaves says so.
        let _waiter = Waiter::new(self);
        loop {
            let mut freed = pin!(self.freed.notified());
            // In the queue before the look: a place that becomes free after it is told of.
            freed.as_mut().enable();
            let entered = poll_fn(|context| {
                let is_told = freed.as_mut().poll(context).is_ready();
                match self.enter() {
                    // If it is told of a place after all, dropping `freed` tells the next in the queue.
                    Some(permit) => Poll::Ready(Some(permit)),
                    // Somebody was faster.
                    None if is_told => Poll::Ready(None),
                    None => Poll::Pending,
                }
            });
            if let Some(permit) = entered.await {
                return permit;
            }
        }
    }

    /// The same in a task, which looks again and again: what is told to the first in the queue is lost on one whose future nobody polls.
    #[cold]
    pub(super) async fn wait_looking(&self) -> BulkheadPermit<'_> {
        let mut place = pin!(self.wait());
        loop {
            let pause = look_again_after(self.occupancy().waiting(), fastrand::u32(..));
            if let Ok(permit) = tokio::time::timeout(pause, place.as_mut()).await {
                return permit;
            }
        }
    }
}

/// How long somebody who waits with so many pauses before he looks again whether there is room: the more there are, the less each has to.
fn look_again_after(waiting: u32, random: u32) -> Duration {
    let longest = u64::from(waiting.clamp(10, 40)) * 1_000_000;
    let half = longest / 2;
    Duration::from_nanos(longest - half * u64::from(random) / u64::from(u32::MAX))
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

/// The value of `future`, if it is there within `limit`; the thread is blocked until then, and looks again and again too.
pub fn block_on<F: Future>(future: F, limit: Duration) -> Option<F::Output> {
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
        thread::park_timeout(left.min(look_again_after(0, fastrand::u32(..))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_wait_the_less_each_has_to_look() {
        const MS: fn(u64) -> Duration = Duration::from_millis;
        for (waiting, least, most) in [(1, 5, 10), (10, 5, 10), (30, 15, 30), (9000, 20, 40)] {
            assert_eq!(look_again_after(waiting, u32::MAX), MS(least), "{waiting}");
            assert_eq!(look_again_after(waiting, 0), MS(most), "{waiting}");
        }
    }
}
