//! A future that may take so long.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::alarm::Alarm;
use super::reuse::Reuse;
use crate::clock::Instant;

thread_local! {
    static KEPT: RefCell<Vec<Alarm>> = const { RefCell::new(Vec::new()) };
}

const ALARMS: Reuse<Alarm> = Reuse(&KEPT);

/// Waits for a future that may take so long; made by [`watched`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Watched<F> {
    limit: Duration,
    future: F,
    // Once the future has had to wait.
    alarm: Option<Alarm>,
}

/// As `tokio::time::timeout`, by the watchdog of the runtime: it counts from the first poll that has to wait, and costs nothing before. `None`: it took longer.
pub const fn watched<F: Future + Unpin>(limit: Duration, future: F) -> Watched<F> {
    Watched {
        limit,
        future,
        alarm: None,
    }
}

impl<F: Future + Unpin> Future for Watched<F> {
    type Output = Option<F::Output>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // The future comes first: what has arrived counts, however late.
        if let Poll::Ready(output) = Pin::new(&mut self.future).poll(cx) {
            return Poll::Ready(Some(output));
        }
        let now = Instant::now();
        let limit = self.limit;
        let alarm = self.alarm.get_or_insert_with(|| {
            let mut alarm = ALARMS.take();
            // A limit beyond what the clock can tell is none.
            if let Some(end) = now.checked_add(limit) {
                alarm.set(end);
            }
            alarm
        });
        if alarm.has_come(cx, now) {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}

impl<F> Drop for Watched<F> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut alarm) = self.alarm.take() {
            alarm.forget();
            ALARMS.give_back(alarm);
        }
    }
}
