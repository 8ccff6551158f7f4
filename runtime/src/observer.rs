//! Those who are told what happens.

mod list;

use std::sync::atomic::{AtomicU8, Ordering};

pub(crate) use list::Observers;

use crate::event::{Event, Severity};

/// Told of each [`Event`] of the process, once it is given to [`observe`].
///
/// A closure is one too.
pub trait Observer: Send + Sync {
    /// Told on the thread on which it happens, which waits: it should be quick, and must not block. A panic in it is contained.
    ///
    /// It may use breakers, connectors and annotated functions. What it causes by that is told to the other observers when it has returned, and
    /// not to itself. Events that follow each other closely may be told out of order when different threads cause them.
    fn on_event(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> Observer for F {
    fn on_event(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Tells `observer` each event from now on, for as long as the process lives.
///
/// Without an observer, and with nobody who takes what [`tracing`](crate#events) would print, nothing is made of an event: no text, and no
/// allocation.
///
/// ```
/// use redis_resilient::{Breaker, Event, State, observe};
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// static OPENED: AtomicUsize = AtomicUsize::new(0);
///
/// observe(|event: &Event<'_>| {
///     if let Event::CircuitChanged(change) = event
///         && change.to == State::Open
///     {
///         OPENED.fetch_add(1, Ordering::Relaxed);
///     }
/// });
///
/// static SESSIONS: Breaker = Breaker::new("sessions").failure_threshold(1);
/// SESSIONS.try_acquire()?.failure();
/// assert_eq!(OPENED.load(Ordering::Relaxed), 1);
/// # Ok::<(), redis_resilient::Rejection>(())
/// ```
pub fn observe(observer: impl Observer + 'static) {
    OBSERVERS.add(Box::new(observer));
    HEARD.fetch_or(BY_OBSERVERS, Ordering::Relaxed);
}

static OBSERVERS: Observers = Observers::new();

/// Who listens: looked at before anything is made of an event. A list is read only behind it, and published by itself.
static HEARD: AtomicU8 = AtomicU8::new(0);
const BY_OBSERVERS: u8 = 1;

/// Whether anybody takes an event of this severity: an observer, or a subscriber of `tracing`.
pub(crate) fn wants(severity: Severity) -> bool {
    let _ = severity;
    HEARD.load(Ordering::Relaxed) & BY_OBSERVERS != 0
}

/// Tells an event to all who listen. Ask [`wants`] first, and make no text if it says no.
pub(crate) fn emit(event: &Event<'_>) {
    OBSERVERS.call(event);
}
