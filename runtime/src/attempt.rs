//! An attempt that is cut off when it takes too long, and the pause between two of them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::call::Call;
use crate::outcome::Outcome;

/// The timer of one call, made when the call first has to wait and used again for each attempt and pause after that.
#[derive(Debug, Default)]
pub struct Timer {
    // Boxed: in the future of every annotated function it would take more room than all the rest.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// A timer that is not running.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { sleep: None }
    }

    fn set(&mut self, at: Instant) -> Pin<&mut Sleep> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        sleep.as_mut().reset(at);
        sleep.as_mut()
    }
}

/// One attempt: what the body gives, if its time is not over first.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Attempt<'c, 'p, F> {
    call: &'c mut Call<'p>,
    timer: &'c mut Timer,
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
    timer: &'c mut Timer,
    body: Pin<&'c mut F>,
) -> Attempt<'c, 'p, F> {
    Attempt {
        call,
        timer,
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
        let _probing = this.call.probing();
        // The body comes first: what has arrived counts, however late.
        if let Poll::Ready(result) = this.body.as_mut().poll(cx) {
            // Spelled out: `map_err` moves the whole through memory once more.
            return match result.split() {
                Ok(value) => Poll::Ready(Ok(value)),
                Err(error) => Poll::Ready(Err(Some(error))),
            };
        }
        if this.limit.has_passed(this.call, this.timer, cx) {
            Poll::Ready(Err(None))
        } else {
            Poll::Pending
        }
    }
}

impl Limit {
    fn has_passed(&mut self, call: &mut Call<'_>, timer: &mut Timer, cx: &mut Context<'_>) -> bool {
        let sleep = match self {
            Self::None => return false,
            Self::Unset => {
                let now = Instant::now();
                let Some(limit) = call.attempt_limit(now) else {
                    *self = Self::None;
                    return false;
                };
                *self = Self::Running;
                Some(timer.set(at(now, limit)))
            }
            Self::Running => timer.sleep.as_mut().map(Pin::as_mut),
        };
        // `is_elapsed` as well: a body that uses up the task's cooperative budget at every poll keeps the timer from being polled.
        sleep.is_some_and(|mut sleep| sleep.as_mut().poll(cx).is_ready() || sleep.is_elapsed())
    }
}

/// `delay` from `now`; a delay beyond what the clock can tell is as good as for ever.
fn at(now: Instant, delay: std::time::Duration) -> Instant {
    const FAR: std::time::Duration = std::time::Duration::from_secs(86_400 * 365 * 30);
    now.checked_add(delay).unwrap_or_else(|| now + FAR)
}

/// Makes the pause before the next attempt.
pub async fn pause(call: &mut Call<'_>, timer: &mut Timer) {
    let delay = call.delay();
    if !delay.is_zero() {
        timer.set(at(Instant::now(), delay)).await;
    }
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
