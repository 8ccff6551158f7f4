//! The circuit breaker: an atomic shell around the state word.

mod listener;
mod operator;
mod permit;
mod probing;
mod setters;
mod settings;
mod snapshot;
mod source;
mod trip;
mod window;
mod word;

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use listener::Listeners;
pub use listener::Transition;
pub use permit::Permit;
use permit::Weight;
pub use probing::Probing;
use settings::Settings;
pub use snapshot::Snapshot;
pub use source::{HoldsBreaker, IntoBreaker, breaker, held_breaker};
use window::Window;
use word::{Admission, Effect, Order, Phase, Word};

use crate::budget::Budget;
use crate::class::Settlement;
use crate::clock::now_ms;
use crate::sync::{AtomicBool, AtomicU64};
use crate::{Rejection, kill_switch, telemetry};

// All of the breaker's data is in one word, so the order of that one location is all that matters.
const ORDER: Ordering = Ordering::Relaxed;

/// A circuit breaker, to be put in a `static` and named by every function that talks to the same Redis.
///
/// ```
/// use redis_resilient::{Breaker, redis_resilient};
/// use std::time::Duration;
///
/// static SESSIONS: Breaker = Breaker::new("sessions")
///     .failure_threshold(10)
///     .reset_timeout(Duration::from_millis(500));
///
/// #[redis_resilient(breaker = SESSIONS)]
/// async fn touch(conn: &mut redis::aio::MultiplexedConnection, id: u64) -> redis::RedisResult<()> {
///     redis::cmd("EXPIRE").arg(id).arg(3600).query_async(conn).await
/// }
/// ```
///
/// * Closed: calls pass. After [`failure_threshold`](Self::failure_threshold) failures in a row it opens; failures within
///   [`lump`](Self::lump) of each other are one. Other rules: [`failure_threshold_of`](Self::failure_threshold_of) the last calls,
///   [`failure_rate`](Self::failure_rate), and two that slide.
/// * Open: calls are refused at once. After [`reset_timeout`](Self::reset_timeout) it lets a probe through. The period doubles
///   each time a probe fails, up to [`reset_timeout_max`](Self::reset_timeout_max), and is spread by ±10 %.
/// * Half-open: [`half_open_permits`](Self::half_open_permits) probes at once, all others are refused. The first failure
///   opens it again, [`success_threshold`](Self::success_threshold) successes close it, or
///   [`success_threshold_of`](Self::success_threshold_of) so many probes. A probe that is not heard of
///   within [`probe_lease`](Self::probe_lease) is replaced by another.
///
/// A function that is called by the body of another one on the same breaker is part of that one's attempt: it may go while that one
/// probes. Both are counted, though: annotate the functions that talk to Redis themselves, and give those that only call them
/// `breaker = false`.
///
/// The setters are `const`: a value that makes no sense stops the compiler when the breaker is a `static`.
#[repr(align(64))]
pub struct Breaker {
    word: AtomicU64,
    settings: Settings,
    /// What the retries of all functions on it draw on; it decides nothing here.
    pub(crate) budget: Budget,
    name: &'static str,
    /// Whether calls that would be refused are let through.
    observing: AtomicBool,
    /// When the state was entered; beside the word, and so perhaps of the state before or after.
    since_ms: AtomicU64,
    listeners: Listeners,
    /// Made when it is first needed, for the rules that slide.
    window: OnceLock<Option<Box<Window>>>,
}

/// The breaker of all functions that name none.
pub static DEFAULT_BREAKER: Breaker = Breaker::new("default");

/// Whether a circuit lets calls through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// Probes pass, all other calls are refused.
    HalfOpen,
    /// Calls are refused, by [`force_open`](Breaker::force_open).
    ForcedOpen,
    /// Calls pass, by [`force_closed`](Breaker::force_closed).
    ForcedClosed,
    /// Calls pass, by [`disable`](Breaker::disable).
    Disabled,
}

impl Breaker {
    /// A closed breaker with the default settings: opens after 5 failures in a row, for 1 s, growing to 30 s; one probe at
    /// a time, and one success closes it. `name` is for events and rejections.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            word: AtomicU64::new(0),
            settings: Settings::DEFAULT,
            budget: Budget::new(),
            name,
            observing: AtomicBool::new(false),
            since_ms: AtomicU64::new(0),
            listeners: Listeners::new(),
            window: OnceLock::new(),
        }
    }

    /// The name given to [`new`](Self::new).
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The state now. An open circuit whose period is over stays open until a call asks.
    #[must_use]
    pub fn state(&self) -> State {
        self.word().phase().state()
    }

    /// How long an open circuit will refuse calls from now on; zero when it lets calls through, and while it is half-open.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        let word = self.word();
        if word.is_closed() || self.lets_all_through() {
            return Duration::ZERO;
        }
        match word.admit(&self.settings, now_ms(), 0) {
            Admission::Reject { retry_after_ms } => Duration::from_millis(retry_after_ms),
            Admission::Pass | Admission::Probe(_) => Duration::ZERO,
        }
    }

    /// Leave for one attempt, for code without the attribute.
    ///
    /// ```
    /// use redis_resilient::{Breaker, Class};
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions");
    ///
    /// fn ping(conn: &mut redis::Connection) -> redis::RedisResult<()> {
    ///     let permit = SESSIONS.try_acquire()?;
    ///     let answer = redis::cmd("PING").query(conn);
    ///     match &answer {
    ///         Ok(()) => permit.success(),
    ///         Err(error) => permit.failed(Class::of(error)),
    ///     }
    ///     answer
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Rejection::CircuitOpen`] while the circuit refuses calls.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejection> {
        self.acquire(Duration::ZERO)
    }

    /// Leave for one attempt while the circuit is closed.
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    pub(crate) fn passes(&self) -> Option<Permit<'_>> {
        let word = self.word();
        if word.is_closed() {
            Some(Permit::new(self, word, Weight::Full))
        } else {
            None
        }
    }

    /// As [`try_acquire`](Self::try_acquire), for an attempt that may take up to `attempt`.
    #[inline]
    pub(crate) fn acquire(&self, attempt: Duration) -> Result<Permit<'_>, Rejection> {
        match self.passes() {
            Some(permit) => Ok(permit),
            None => self.acquire_slow(attempt),
        }
    }

    #[cold]
    #[inline(never)]
    fn acquire_slow(&self, attempt: Duration) -> Result<Permit<'_>, Rejection> {
        let mut word = self.word();
        if kill_switch::is_engaged() {
            // Not even as a probe: what comes of it is not counted, and the circuit would wait for it.
            return Ok(Permit::new(self, word, Weight::None));
        }
        let lease_ms = self
            .settings
            .probe_lease_ms
            .max(settings::lease_millis(attempt));
        loop {
            match word.admit(&self.settings, now_ms(), lease_ms) {
                Admission::Pass => return Ok(Permit::new(self, word, Weight::Full)),
                Admission::Probe(next) => match self.exchange(word, next) {
                    Ok(()) => return Ok(Permit::new(self, next, Weight::Full)),
                    Err(current) => word = current,
                },
                // Else the function that probes would be failed by the functions it is made of.
                Admission::Reject { .. } if probing::is_inside(self, word.generation()) => {
                    return Ok(Permit::new(self, word, Weight::Nested));
                }
                Admission::Reject { .. } if self.lets_all_through() => {
                    return Ok(Permit::new(self, word, Weight::None));
                }
                Admission::Reject { retry_after_ms } => {
                    return Err(Rejection::CircuitOpen {
                        breaker: self.name,
                        retry_after: Duration::from_millis(retry_after_ms),
                    });
                }
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn settle(&self, generation: u64, outcome: Settlement) {
        if kill_switch::is_engaged() {
            return;
        }
        let (now_ms, random) = (now_ms(), fastrand::u32(..));
        let mut word = self.word();
        if self.slides(word, generation, outcome, now_ms) {
            while let Some(next) = word.tripped(generation, &self.settings, now_ms, random) {
                match self.exchange(word, next) {
                    Ok(()) => return,
                    Err(current) => word = current,
                }
            }
        }
        loop {
            match word.settle(generation, outcome, &self.settings, now_ms, random) {
                Effect::None => return,
                Effect::Stale => return telemetry::stale_outcome(self.name),
                Effect::To(next) => match self.exchange(word, next) {
                    Ok(()) => return,
                    Err(current) => word = current,
                },
            }
        }
    }

    /// Counts the outcome in the sliding window, if there is one, and tells whether that opens the circuit.
    fn slides(&self, word: Word, generation: u64, outcome: Settlement, now_ms: u64) -> bool {
        let counts = word.is_closed() && word.generation() == generation;
        match self.window() {
            Some(window) if counts && outcome != Settlement::Neutral => {
                let tally = window.record(outcome == Settlement::Failure, now_ms);
                self.settings.trip.opens_at(tally)
            }
            _ => false,
        }
    }

    fn window(&self) -> Option<&Window> {
        let make = || Window::for_rule(self.settings.trip).map(Box::new);
        self.window.get_or_init(make).as_deref()
    }

    /// Puts `next` in place of `word` and tells about a change of state; the current word if it was not `word`.
    fn exchange(&self, word: Word, next: Word) -> Result<(), Word> {
        self.word
            .compare_exchange(word.bits(), next.bits(), ORDER, ORDER)
            .map_err(Word::from_bits)?;
        let (from, to) = (word.phase().state(), next.phase().state());
        if to == State::Closed
            && next.generation() != word.generation()
            && let Some(window) = self.window()
        {
            // A call that is admitted now may lose its outcome to this; one out of the window is no harm.
            window.clear();
        }
        if from != to {
            self.tell(from, to);
        }
        Ok(())
    }

    #[cold]
    fn tell(&self, from: State, to: State) {
        self.since_ms.store(now_ms(), ORDER);
        let transition = Transition {
            breaker: self.name,
            from,
            to,
            retry_after: self.retry_after(),
        };
        telemetry::transition(&transition);
        self.listeners.call(&transition);
    }

    /// Whether calls pass that the circuit refuses.
    fn lets_all_through(&self) -> bool {
        self.observing.load(ORDER) || kill_switch::is_engaged()
    }

    #[inline]
    fn word(&self) -> Word {
        Word::from_bits(self.word.load(ORDER))
    }
}

impl Phase {
    const fn state(self) -> State {
        match self {
            Self::Closed(_) => State::Closed,
            Self::Open { .. } => State::Open,
            Self::HalfOpen(_) => State::HalfOpen,
            Self::Forced { order, .. } => match order {
                Order::Open => State::ForcedOpen,
                Order::Closed => State::ForcedClosed,
                Order::Disabled => State::Disabled,
            },
        }
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name)
            .field("state", &self.state())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod foreign_bugs;
#[cfg(test)]
mod live_probes;
#[cfg(all(test, rr_loom))]
mod loom_tests;
// It keeps files of what it has found, which miri does not let it.
#[cfg(all(test, not(miri)))]
mod model_tests;
#[cfg(test)]
#[path = "breaker/operator_tests.rs"]
mod operator_tests;
#[cfg(all(test, rr_shuttle))]
mod shuttle_tests;
#[cfg(test)]
#[path = "breaker/stress_tests.rs"]
mod stress_tests;
#[cfg(test)]
#[path = "breaker/tests.rs"]
mod tests;
