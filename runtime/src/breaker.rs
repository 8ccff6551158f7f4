//! The circuit breaker: an atomic shell around the state word.
//!
//! Circle: `breaker::packed_state`, `breaker::settings`: the settings say what fits into the packed state, and it is read by them.

mod admission;
mod admit;
mod event;
mod note;
mod operator;
mod packed_state;
mod permit;
pub(crate) mod probing;
pub(crate) mod record;
mod retry_budget;
mod rules;
mod setters;
mod settings;
mod settle;
mod snapshot;
mod source;
mod stamp;
mod sums;
mod trip_rule;
#[cfg_attr(not(feature = "overrides"), path = "breaker/tuned/absent.rs")]
pub(crate) mod tuned;
mod window;

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(crate) use admission::Admission;
pub use event::{BreakerEvent, Transition};
use packed_state::{Order, PackedState, Phase};
pub use permit::Permit;
use record::Record;
use settings::Settings;
pub use snapshot::Snapshot;
pub use source::{HoldsBreaker, IntoBreaker, breaker, held_breaker, static_breaker};

use crate::budget::Budget;
use crate::class::Outcome;
use crate::clock::now_ms;
use crate::handle::Way;
use crate::sync::AtomicU64;
use crate::{State, kill_switch};

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
///   [`burst_window`](Self::burst_window) of each other are one. Other rules: [`failure_threshold_of`](Self::failure_threshold_of) the last calls,
///   [`failure_rate`](Self::failure_rate), and two that slide.
/// * Open: calls are refused at once. After [`reset_timeout`](Self::reset_timeout) it lets a probe through. The period doubles
///   each time a probe fails, up to [`reset_timeout_max`](Self::reset_timeout_max), and is spread by ±10 %.
/// * Half-open: [`half_open_permits`](Self::half_open_permits) probes at once, all others are refused. The first failure
///   opens it again, [`success_threshold`](Self::success_threshold) successes close it. Or a number of probes decides,
///   by [`success_threshold_of`](Self::success_threshold_of) or [`half_open_failure_rate`](Self::half_open_failure_rate). A probe that is
///   not heard of within [`probe_lease`](Self::probe_lease) is replaced by another.
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
    /// Its place among several that were given the same name.
    number: Option<u16>,
    /// Made when there is first something to tell.
    record: OnceLock<Arc<Record>>,
}

/// The breaker of all functions that name none, and do not take a `Connector`, whose Redis has one of its own.
pub static DEFAULT_BREAKER: Breaker = Breaker::new("default");

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
            number: None,
            record: OnceLock::new(),
        }
    }

    /// The name given to [`new`](Self::new); of a `BreakerSet` with its number.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.number {
            None => self.name,
            // Made once, with the record.
            Some(_) => self.record().name,
        }
    }

    /// The name with the number, which stays in memory as those in programs do: there are no more of them than of breakers.
    fn full_name(&self) -> &'static str {
        match self.number {
            None => self.name,
            Some(number) => Box::leak(format!("{} {number}", self.name).into_boxed_str()),
        }
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
        let now_ms = now_ms();
        let word = self.brought_up_to(word, now_ms);
        Duration::from_millis(word.refuses_for_ms(&self.in_force(), now_ms))
    }

    /// What is kept beside the word; from the first time on, the breaker is listed.
    // Rules that slide ask for it with each call.
    #[inline]
    fn record(&self) -> &Record {
        match self.record.get() {
            Some(record) => record,
            None => self.first_record(),
        }
    }

    #[cold]
    #[inline(never)]
    fn first_record(&self) -> &Record {
        // Read outside: whoever changes it meanwhile has the record follow afterwards.
        let word = self.word();
        self.record.get_or_init(|| {
            let record = Record::listed(self, word);
            if std::ptr::eq(self, &raw const DEFAULT_BREAKER) {
                record.lead(Way::Static(&DEFAULT_BREAKER));
            }
            record
        })
    }

    /// Is listed from now on, with a way to it.
    pub(crate) fn lead(&self, way: Way<Self>) {
        self.record().lead(way);
    }

    /// How long an attempt may take if it is a probe, where its call allows it longer.
    pub(crate) fn probe_timeout(&self) -> Option<Duration> {
        self.in_force().half_open_timeout
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

    /// The word as it is to be read at this time.
    fn brought_up_to(&self, word: PackedState, now_ms: u64) -> PackedState {
        let noted_ms = || self.record.get().map_or(0, |record| record.note.whole_ms());
        // What a rule keeps is read by its kind, which stays.
        word.at(&self.settings, now_ms, noted_ms)
    }

    #[inline]
    fn word(&self) -> PackedState {
        PackedState::from_bits(self.word.load(ORDER))
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
            .field("name", &self.name())
            .field("state", &self.state())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// One of several with the same name, which goes by this number too.
pub const fn number(breaker: &mut Breaker, number: u16) {
    breaker.number = Some(number);
}

/// Whether both were given the same name.
#[must_use]
pub const fn are_namesakes(one: &Breaker, other: &Breaker) -> bool {
    let (one, other) = (one.name.as_bytes(), other.name.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
#[path = "breaker/event_tests.rs"]
mod event_tests;
#[cfg(test)]
mod half_open_tests;
#[cfg(test)]
mod listeners_tests;
#[cfg(test)]
mod live_probes;
#[cfg(all(test, rr_loom))]
mod loom_tests;
#[cfg(test)]
mod regressions_elsewhere;
// It keeps files of what it has found, which miri does not let it.
#[cfg(all(test, not(miri)))]
mod model_tests;
#[cfg(test)]
#[path = "breaker/operator_tests.rs"]
mod operator_tests;
#[cfg(all(test, rr_shuttle))]
mod shuttle_tests;
#[cfg(test)]
mod silence_tests;
#[cfg(test)]
#[path = "breaker/stress_tests.rs"]
mod stress_tests;
#[cfg(test)]
#[path = "breaker/tests.rs"]
mod tests;
