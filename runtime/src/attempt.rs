//! An attempt that is cut off when it takes too long, and the pause between two of them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::call::Call;
use crate::clock::Instant;
use crate::outcome::Outcome;

/// One attempt: what the body gives, if its time is not over first.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Attempt<'c, 'p, F> {
    call: &'c mut Call<'p>,
    body: Pin<&'c mut F>,
    limit: Limit,
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    /// The body has not had to wait yet.
    Unset,
    None,
    Running,
}

/// One attempt at `body`.
#[inline]
pub const fn attempt<'c, 'p, F: Future>(
    call: &'c mut Call<'p>,
    body: Pin<&'c mut F>,
) -> Attempt<'c, 'p, F> {
    Attempt {
        call,
        body,
        limit: Limit::Unset,
    }
}

impl<F: Future> Future for Attempt<'_, '_, F>
where
    F::Output: Outcome,
{
    /// `Err(None)`: its time was over first.
    type Output = Result<<F::Output as Outcome>::Value, Option<<F::Output as Outcome>::Error>>;

    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.call.polls();
        // The body comes first: what has arrived counts, however late.
        if let Poll::Ready(result) = this.body.as_mut().poll(cx) {
            // Spelled out: `map_err` moves the whole through memory once more.
            return match result.split() {
                Ok(value) => Poll::Ready(Ok(value)),
                Err(error) => Poll::Ready(Err(Some(error))),
            };
        }
        if this.limit.has_passed(this.call, cx) {
            Poll::Ready(Err(None))
        } else {
            Poll::Pending
        }
    }
}

impl Limit {
    #[inline(never)]
    fn has_passed(&mut self, call: &mut Call<'_>, cx: &mut Context<'_>) -> bool {
        call.unmark();
        match self {
            Self::None => return false,
            Self::Running => {}
            Self::Unset => {
                let now = Instant::now();
                let Some(limit) = call.attempt_limit(now) else {
                    *self = Self::None;
                    return false;
                };
                *self = Self::Running;
                call.late().set_timer(at(now, limit));
            }
        }
        call.late().poll_timer(cx)
    }
}

/// `delay` from `now`; a delay beyond what the clock can tell is as good as for ever.
fn at(now: Instant, delay: std::time::Duration) -> Instant {
    const FAR: std::time::Duration = std::time::Duration::from_secs(86_400 * 365 * 30);
    now.checked_add(delay).unwrap_or_else(|| now + FAR)
}

/// The pause before the next attempt.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Pause<'c, 'p> {
    call: &'c mut Call<'p>,
    begun: bool,
}

/// Makes the pause before the next attempt.
#[inline]
pub const fn pause<'c, 'p>(call: &'c mut Call<'p>) -> Pause<'c, 'p> {
    Pause { call, begun: false }
}

impl Future for Pause<'_, '_> {
    type Output = ();

    #[cold]
    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let delay = self.call.delay();
        if delay.is_zero() {
            return Poll::Ready(());
        }
        if !self.begun {
            self.begun = true;
            self.call.late().set_timer(at(Instant::now(), delay));
        }
        if self.call.late().poll_timer(cx) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
