//! Those who are told what happens.

mod list;
#[cfg(feature = "tracing")]
mod tracing;

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
/// Without an observer, and with nobody who takes what [`tracing`](crate::event#tracing) would print, nothing is made of an event: no text, and no
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
const AT_BREAKERS: u8 = 2;

/// From now on somebody listens at a breaker.
pub(crate) fn listen_at_breakers() {
    HEARD.fetch_or(AT_BREAKERS, Ordering::Relaxed);
}

/// Whether anybody listens, be it at one breaker; subscribers of `tracing` aside, for whom an event is not that is asked for by this alone.
#[inline]
pub(crate) fn is_heard() -> bool {
    HEARD.load(Ordering::Relaxed) != 0
}

#[inline]
fn has_observers() -> bool {
    HEARD.load(Ordering::Relaxed) & BY_OBSERVERS != 0
}

/// Whether anybody takes an event of this severity: an observer, or a subscriber of `tracing`.
///
/// What makes a text asks first:
///
/// ```ignore
/// if observer::wants(Severity::Warn) {
///     let text = error_text(&error);
///     observer::emit(&Event::ConnectionLost(ConnectionLost::new(class, connector, address, &text)));
/// }
/// ```
#[inline]
pub fn wants(severity: Severity) -> bool {
    #[cfg(feature = "tracing")]
    if tracing::wants(severity) {
        return true;
    }
    let _ = severity;
    has_observers()
}

/// As [`wants`], of the line that a fallback answers for this function. Where it is left out it is counted, and nothing has to be made of it.
#[inline]
pub(crate) fn wants_fallback_used(function: &str) -> bool {
    if has_observers() {
        return true;
    }
    #[cfg(feature = "tracing")]
    if tracing::wants(Severity::Warn) {
        return !tracing::leaves_out(tracing::Line::FallbackUsed, function);
    }
    let _ = function;
    false
}

/// Tells an event to all who listen.
#[cold]
pub fn emit(event: &Event<'_>) {
    // A subscriber that logs to Redis through an annotated function is told nothing of that: `tracing` sees to it.
    #[cfg(feature = "tracing")]
    tracing::print(event);
    if has_observers() {
        OBSERVERS.call(event);
    }
}
