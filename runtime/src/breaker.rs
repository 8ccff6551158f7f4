//! The circuit breaker: an atomic shell around the state word.

mod event;
mod operator;
mod permit;
mod probing;
mod record;
mod rules;
mod setters;
mod settings;
mod snapshot;
mod source;
mod trip;
mod window;
mod word;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use event::{BreakerEvent, Transition};
pub use permit::Permit;
use permit::{Ticket, Weight};
pub use probing::Probing;
use record::Record;
use settings::Settings;
pub use snapshot::Snapshot;
pub use source::{HoldsBreaker, IntoBreaker, breaker, held_breaker};
use trip::Sample;
use word::{Admission, Effect, Order, Phase, Word};

use crate::budget::Budget;
use crate::class::Settlement;
use crate::clock::now_ms;
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
///   opens it again, [`success_threshold`](Self::success_threshold) successes close it; or
///   [`success_threshold_of`](Self::success_threshold_of) so many probes, or their
///   [`half_open_failure_rate`](Self::half_open_failure_rate). A probe that is not heard of
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
    /// Made when there is first something to tell.
    record: OnceLock<Arc<Record>>,
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
            record: OnceLock::new(),
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
        Duration::from_millis(word.refuses_for_ms(&self.settings, now_ms()))
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

    /// Leave for one attempt while there is nothing to be counted.
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    pub(crate) fn passes(&self) -> Option<Permit<'_>> {
        let word = self.word();
        if word.is_quiet() {
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
        if word.is_closed() && self.settings.slow.is_none() {
            return Ok(Permit::new(self, word, Weight::Full));
        }
        let now_ms = now_ms();
        let lease_ms = self
            .settings
            .probe_lease_ms
            .max(settings::lease_millis(attempt));
        loop {
            let permit = match word.admit(&self.settings, now_ms, lease_ms) {
                Admission::Pass => Permit::new(self, word, Weight::Full),
                Admission::Probe(next) => {
                    if let Err(current) = self.exchange(word, next) {
                        word = current;
                        continue;
                    }
                    if word.is_half_open() && word.generation() != next.generation() {
                        self.notify(BreakerEvent::ProbeLost { breaker: self.name });
                    }
                    Permit::new(self, next, Weight::Full)
                }
                // Else the function that probes would be failed by the functions it is made of.
                Admission::Reject { .. } if probing::is_inside(self, word.generation()) => {
                    Permit::new(self, word, Weight::Nested)
                }
                Admission::Reject { .. } if self.is_observing() => {
                    Permit::new(self, word, Weight::Observed)
                }
                Admission::Reject { retry_after_ms } => {
                    let retry_after = Duration::from_millis(retry_after_ms);
                    self.notify(BreakerEvent::Refused {
                        breaker: self.name,
                        retry_after,
                    });
                    return Err(Rejection::CircuitOpen {
                        breaker: self.name,
                        retry_after,
                    });
                }
            };
            return Ok(match self.settings.slow {
                Some(_) => permit.started(now_ms),
                None => permit,
            });
        }
    }

    #[cold]
    #[inline(never)]
    fn settle(&self, ticket: Ticket, outcome: Settlement) {
        if ticket.has(Weight::None) || kill_switch::is_engaged() {
            return;
        }
        let now_ms = now_ms();
        let slow = self.was_slow(ticket, outcome, now_ms);
        let failed = outcome == Settlement::Failure;
        if failed || slow {
            self.notify(BreakerEvent::Failure {
                breaker: self.name,
                slow,
            });
        }
        let random = fastrand::u32(..);
        if outcome != Settlement::Neutral && self.slides(ticket, Sample { failed, slow }, now_ms) {
            let mut word = self.word();
            while let Some(next) = word.tripped(ticket.generation(), &self.settings, now_ms, random)
            {
                match self.exchange(word, next) {
                    Ok(()) => return,
                    Err(current) => word = current,
                }
            }
        }
        let counts = ticket.has(Weight::Full) || failed && ticket.has(Weight::Nested);
        if counts {
            self.settle_word(ticket.generation(), outcome, slow, now_ms, random);
        }
    }

    fn settle_word(
        &self,
        generation: u64,
        outcome: Settlement,
        slow: bool,
        now_ms: u64,
        random: u32,
    ) {
        let mut word = self.word();
        loop {
            let outcome = if slow && word.is_half_open() {
                Settlement::Failure
            } else {
                outcome
            };
            match word.settle(generation, outcome, &self.settings, now_ms, random) {
                Effect::None => return,
                Effect::Stale => {
                    telemetry::stale_outcome(self.name);
                    self.notify(BreakerEvent::Stale { breaker: self.name });
                    return;
                }
                Effect::To(next) => match self.exchange(word, next) {
                    Ok(()) => return,
                    Err(current) => word = current,
                },
            }
        }
    }

    fn was_slow(&self, ticket: Ticket, outcome: Settlement, now_ms: u64) -> bool {
        self.settings.slow.is_some_and(|slow| {
            outcome != Settlement::Neutral
                && now_ms.saturating_sub(ticket.start_ms()) >= slow.from_ms
        })
    }

    /// Counts the call in the sliding window, if there is one, and tells whether that opens the circuit.
    fn slides(&self, ticket: Ticket, sample: Sample, now_ms: u64) -> bool {
        if !self.settings.trip.slides() {
            return false;
        }
        let word = self.word();
        let counts = word.is_closed() && word.generation() == ticket.generation();
        let record = self.record();
        match &record.window {
            Some(window) if counts || record.is_observing() => {
                let tally = window.record(sample, now_ms);
                self.settings.trip.opens_at(tally, self.settings.slow)
            }
            _ => false,
        }
    }

    /// Puts `next` in place of `word` and tells about a change of state; the current word if it was not `word`.
    fn exchange(&self, word: Word, next: Word) -> Result<(), Word> {
        self.word
            .compare_exchange(word.bits(), next.bits(), ORDER, ORDER)
            .map_err(Word::from_bits)?;
        let record = self.record();
        record.follow(|| self.word());
        let (from, to) = (word.phase().state(), next.phase().state());
        if to == State::Closed && next.generation() != word.generation() && !record.is_observing() {
            // A call that is admitted now may lose its outcome to this; one out of the window is no harm.
            record.clear_window();
        }
        if from != to {
            self.tell(record, from, to);
        }
        Ok(())
    }

    #[cold]
    fn tell(&self, record: &Record, from: State, to: State) {
        record.entered(now_ms());
        let transition = Transition {
            breaker: self.name,
            from,
            to,
            retry_after: self.retry_after(),
        };
        telemetry::transition(&transition);
        record.listeners.call(&BreakerEvent::Transition(transition));
    }

    /// Tells those who listen, if there are any.
    fn notify(&self, event: BreakerEvent) {
        if let Some(record) = self.record.get() {
            record.listeners.call(&event);
        }
    }

    /// Tells those who listen that a retry could not be afforded.
    pub(crate) fn notify_exhausted(&self) {
        self.notify(BreakerEvent::RetryBudgetExhausted { breaker: self.name });
    }

    /// What is kept beside the word; from the first time on, the breaker is listed.
    fn record(&self) -> &Record {
        self.record
            .get_or_init(|| Record::listed(self.name, self.settings, self.word()))
    }

    /// How long an attempt may take if it is a probe, where its call allows it longer.
    pub(crate) const fn probe_timeout(&self) -> Option<Duration> {
        self.settings.half_open_timeout
    }

    /// Whether a call counts once, and not each of its attempts.
    pub(crate) const fn counts_calls(&self) -> bool {
        self.settings.counts_calls
    }

    fn is_observing(&self) -> bool {
        self.record
            .get()
            .is_some_and(|record| record.is_observing())
    }

    /// Whether calls pass that the circuit refuses.
    fn lets_all_through(&self) -> bool {
        self.is_observing() || kill_switch::is_engaged()
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
#[path = "breaker/event_tests.rs"]
mod event_tests;
#[cfg(test)]
#[path = "breaker/operator_tests.rs"]
mod operator_tests;
#[cfg(test)]
#[path = "breaker/stress_tests.rs"]
mod stress_tests;
#[cfg(test)]
#[path = "breaker/tests.rs"]
mod tests;
