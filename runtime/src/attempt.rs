//! An attempt that is cut off when it takes too long, and the pause between two of them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::call::{AttemptFault, Call};
use crate::result_like::ResultLike;

pin_project! {
    /// One attempt: what the body gives, if its time is not over first.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Attempt<'c, 'p, F> {
        call: &'c mut Call<'p>,
        // By value: a reference to it would be one more word of the future, and hide that there is nothing to be dropped of a body
        // that is done.
        #[pin]
        body: F,
        fault: AttemptFault,
    }
}

/// One attempt at `body`.
#[inline]
pub fn attempt<'c, 'p, F: Future>(call: &'c mut Call<'p>, body: F) -> Attempt<'c, 'p, F> {
    let fault = AttemptFault::default();
    Attempt { call, body, fault }
}

impl<F: Future> Future for Attempt<'_, '_, F>
where
    F::Output: ResultLike,
{
    /// `Err(None)`: its time was over first.
    type Output =
        Result<<F::Output as ResultLike>::Value, Option<<F::Output as ResultLike>::Error>>;

    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.call.polls();
        if this.fault.is_due() {
            match this.call.meets_fault(this.fault, cx) {
                Poll::Ready(true) => {}
                Poll::Pending if !this.call.times_out(cx) => return Poll::Pending,
                Poll::Ready(false) | Poll::Pending => return Poll::Ready(Err(None)),
            }
        }
        // The body comes first: what has arrived counts, however late.
        if let Poll::Ready(result) = this.body.poll(cx) {
            // Spelled out: `map_err` moves the whole through memory once more.
            return match result.split() {
                Ok(_) if this.fault.loses_reply() => {
                    this.call.loses_reply();
                    Poll::Ready(Err(None))
                }
                Ok(value) => Poll::Ready(Ok(value)),
                Err(error) => Poll::Ready(Err(Some(error))),
            };
        }
        if this.call.times_out(cx) {
            Poll::Ready(Err(None))
        } else {
            Poll::Pending
        }
    }
}

/// The pause before the next attempt: whether that may be made. If not, the call is over.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Pause<'c, 'p> {
    call: &'c mut Call<'p>,
}

/// Makes the pause before the next attempt.
#[inline]
pub const fn pause<'c, 'p>(call: &'c mut Call<'p>) -> Pause<'c, 'p> {
    Pause { call }
}

impl Future for Pause<'_, '_> {
    type Output = bool;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        self.call.poll_pause(cx)
    }
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
