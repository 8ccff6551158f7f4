//! Who waits for the outcome of another's load.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use redis_resilient_runtime::__seam::block_on;
use redis_resilient_runtime::__seam::clock::now;

use super::{Lead, Led, Seat};

/// What comes of waiting.
pub(crate) enum Joined<O> {
    Outcome(Arc<O>),
    /// The leader is gone, and this one leads now.
    Lead(Lead<O>),
}

/// A wait for the outcome. Safe to drop.
pub(crate) struct Join<O>(Option<Seat<O>>);

impl<O> Join<O> {
    pub(super) const fn new(seat: Seat<O>) -> Self {
        Self(Some(seat))
    }

    /// Waits for the outcome, or the lead, for as long as that may take.
    pub(crate) async fn wait(mut self, lease: Duration) -> Joined<O> {
        loop {
            if let Ok(joined) = tokio::time::timeout(self.patience(lease), &mut self).await {
                return joined;
            }
            self = match self.overtake(lease) {
                Ok(joined) => return joined,
                Err(join) => join,
            };
        }
    }

    /// The same, by blocking the thread.
    pub(crate) fn wait_blocking(mut self, lease: Duration) -> Joined<O> {
        loop {
            let patience = self.patience(lease);
            self = match self.wait_once(lease, patience) {
                Ok(joined) => return joined,
                Err(join) => join,
            };
        }
    }

    /// The same; `None`: it takes longer than that, if there is a limit.
    pub(crate) fn wait_blocking_within(
        mut self,
        lease: Duration,
        limit: Option<Duration>,
    ) -> Option<Joined<O>> {
        let Some(limit) = limit else {
            return Some(self.wait_blocking(lease));
        };
        let begun = now();
        loop {
            let left = limit.saturating_sub(now().saturating_duration_since(begun));
            if left.is_zero() {
                return None;
            }
            let patience = self.patience(lease).min(left);
            self = match self.wait_once(lease, patience) {
                Ok(joined) => return Some(joined),
                Err(join) => join,
            };
        }
    }

    fn wait_once(mut self, lease: Duration, patience: Duration) -> Result<Joined<O>, Self> {
        match block_on(&mut self, patience) {
            Some(joined) => Ok(joined),
            None => self.overtake(lease),
        }
    }

    /// How much is left of the time that the leader has, if it is given so long.
    pub(crate) fn patience(&self, lease: Duration) -> Duration {
        let Some(seat) = &self.0 else {
            return Duration::ZERO;
        };
        match seat.flight.state().led {
            Led::By { since, .. } => lease.saturating_sub(now().saturating_duration_since(since)),
            Led::Free | Led::Over(_) => Duration::ZERO,
        }
    }

    /// Takes the lead from one that has taken longer than `lease`, unless there is an outcome or a new leader.
    pub(crate) fn overtake(mut self, lease: Duration) -> Result<Joined<O>, Self> {
        let Some(seat) = self.0.take() else {
            return Err(self);
        };
        let mut state = seat.flight.state();
        match &state.led {
            Led::Over(outcome) => {
                let outcome = outcome.clone();
                drop(state);
                Ok(Joined::Outcome(outcome))
            }
            Led::By { since, .. } if now().saturating_duration_since(*since) < lease => {
                drop(state);
                Err(Self::new(seat))
            }
            Led::By { .. } | Led::Free => {
                state.led = Led::By {
                    number: seat.number,
                    since: now(),
                };
                drop(state);
                Ok(Joined::Lead(Lead::new(seat)))
            }
        }
    }
}

impl<O> Future for Join<O> {
    type Output = Joined<O>;

    /// # Panics
    /// If it is polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Joined<O>> {
        let seat = self.0.take().expect("it is not polled after it was ready");
        let mut state = seat.flight.state();
        match &state.led {
            Led::Over(outcome) => {
                let outcome = outcome.clone();
                drop(state);
                Poll::Ready(Joined::Outcome(outcome))
            }
            Led::Free => {
                state.led = Led::By {
                    number: seat.number,
                    since: now(),
                };
                drop(state);
                Poll::Ready(Joined::Lead(Lead::new(seat)))
            }
            Led::By { .. } => {
                state.waiting.insert(seat.number, context.waker().clone());
                drop(state);
                self.0 = Some(seat);
                Poll::Pending
            }
        }
    }
}
