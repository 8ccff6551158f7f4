//! Code of the application that is told what happens at a breaker.

use std::time::Duration;

use super::Breaker;
use crate::event::Event;
use crate::{State, observer};

/// A change of a circuit's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The name given to [`Breaker::new`].
    pub breaker: &'static str,
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
    /// How long the circuit will refuse calls; zero if it does not.
    pub retry_after: Duration,
}

/// What happened at a breaker. Of calls that succeed nothing is told: they cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerEvent {
    /// The state has changed.
    Transition(Transition),
    /// An attempt failed, or took too long; within [`burst_window`](Breaker::burst_window) of another too, and under an operator's order.
    #[non_exhaustive]
    Failure {
        /// The name given to [`Breaker::new`].
        breaker: &'static str,
        /// Whether it took as long as [`slow_call_rate`](Breaker::slow_call_rate) says, whatever came of it.
        slow: bool,
    },
    /// A call was refused.
    #[non_exhaustive]
    Refused {
        /// The name given to [`Breaker::new`].
        breaker: &'static str,
        /// How long the circuit will go on refusing; zero while a probe is under way.
        retry_after: Duration,
        /// Whether the call passes nevertheless, because the breaker is to [`observe_only`](Breaker::observe_only).
        passes: bool,
    },
    /// An attempt ended that had been let in before the circuit last changed its state: it counts for nothing.
    #[non_exhaustive]
    Stale {
        /// The name given to [`Breaker::new`].
        breaker: &'static str,
    },
    /// A probe was not heard of within [`probe_lease`](Breaker::probe_lease), and another was let through in its place.
    #[non_exhaustive]
    ProbeLost {
        /// The name given to [`Breaker::new`].
        breaker: &'static str,
    },
    /// A retry was not made, because the [`retry_budget`](Breaker::retry_budget) had no token left.
    #[non_exhaustive]
    RetryBudgetExhausted {
        /// The name given to [`Breaker::new`].
        breaker: &'static str,
    },
}

impl BreakerEvent {
    /// What those hear who listen to one breaker only.
    fn of(event: &Event<'_>) -> Option<Self> {
        Some(match *event {
            Event::CircuitChanged(event) => Self::Transition(Transition {
                breaker: event.breaker,
                from: event.from,
                to: event.to,
                retry_after: event.open_for,
            }),
            Event::FailureCounted(event) => Self::Failure {
                breaker: event.breaker,
                slow: event.slow,
            },
            Event::CallRefused(event) => Self::Refused {
                breaker: event.breaker,
                retry_after: event.retry_after,
                passes: event.passes,
            },
            Event::StaleOutcome(event) => Self::Stale {
                breaker: event.breaker,
            },
            Event::ProbeLost(event) => Self::ProbeLost {
                breaker: event.breaker,
            },
            Event::RetryBudgetExhausted(event) => Self::RetryBudgetExhausted {
                breaker: event.breaker,
            },
            _ => return None,
        })
    }
}

impl Breaker {
    /// Calls `listener` at each event from now on, on the thread of the call that caused it.
    ///
    /// It should be quick: that call waits for it, others do not. A panic in it is contained. Events that follow each other
    /// closely may be told out of order when different threads cause them.
    ///
    /// It may use the breaker. What it causes there is told to the other listeners when it has returned, and not to itself.
    ///
    /// ```
    /// use redis_resilient::{Breaker, BreakerEvent};
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions").failure_threshold(1);
    /// static REFUSED: AtomicUsize = AtomicUsize::new(0);
    ///
    /// SESSIONS.on_event(|event| {
    ///     if let BreakerEvent::Refused { .. } = event {
    ///         REFUSED.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// SESSIONS.try_acquire()?.failure();
    /// assert!(SESSIONS.try_acquire().is_err());
    /// assert_eq!(REFUSED.load(Ordering::Relaxed), 1);
    /// # Ok::<(), redis_resilient::Rejection>(())
    /// ```
    pub fn on_event(&self, listener: impl Fn(&BreakerEvent) + Send + Sync + 'static) {
        let observer = move |event: &Event<'_>| {
            if let Some(event) = BreakerEvent::of(event) {
                listener(&event);
            }
        };
        self.record().observers.add(Box::new(observer));
        observer::listen_at_breakers();
    }

    /// Calls `listener` at each change of state from now on, as [`on_event`](Self::on_event) does at every event.
    ///
    /// ```
    /// use redis_resilient::{Breaker, State};
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions").failure_threshold(1);
    /// static OPENED: AtomicUsize = AtomicUsize::new(0);
    ///
    /// SESSIONS.on_transition(|transition| {
    ///     if transition.to == State::Open {
    ///         OPENED.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// SESSIONS.try_acquire()?.failure();
    /// assert_eq!(OPENED.load(Ordering::Relaxed), 1);
    /// # Ok::<(), redis_resilient::Rejection>(())
    /// ```
    pub fn on_transition(&self, listener: impl Fn(&Transition) + Send + Sync + 'static) {
        self.on_event(move |event| {
            if let BreakerEvent::Transition(transition) = event {
                listener(transition);
            }
        });
    }
}
