//! What a breaker is doing, for dashboards and health checks.

use std::time::Duration;

use super::Breaker;
use super::packed_state::{PackedState, Phase};
use super::record::{self, Record};
use super::sums::Sums;
use super::trip_rule::Tally;
use crate::clock::now_ms;
use crate::{State, kill_switch};

/// What a breaker was doing at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The name given to [`Breaker::new`].
    pub name: &'static str,
    /// The state.
    pub state: State,
    /// For how long it has been in that state; `None` if it has never changed.
    pub in_state_for: Option<Duration>,
    /// Calls that count towards opening it, or probes towards closing it. A rule without a window looks at failures only: there
    /// this is as many as `failures`.
    pub calls: u32,
    /// Those of them that failed; within [`burst_window`](Breaker::burst_window) of each other they are one, but for a rate.
    pub failures: u32,
    /// Those of them that took too long, by [`slow_call_rate`](Breaker::slow_call_rate).
    pub slow: u32,
    /// Successful probes while half-open.
    pub successes: u32,
    /// Probes under way while half-open.
    pub probes: u32,
    /// How often in a row a probe has failed: the open period grows with it, and this stops at 15.
    pub streak: u32,
    /// How long the circuit will refuse calls; zero if it does not.
    pub retry_after: Duration,
    /// Whether calls are let through that the circuit would refuse.
    pub observing: bool,
    /// Calls that were refused, by all breakers of this name there have been; `None` without the feature `counts`.
    pub refused: Option<u64>,
    entered: [u64; Sums::STATES.len()],
    /// `None`: there is no rate.
    min_calls: Option<u32>,
}

impl Snapshot {
    /// The share of calls that failed, in percent; `None` where the rule is not a rate, and until there are as many calls as it waits for.
    #[must_use]
    pub fn failure_rate(&self) -> Option<f64> {
        self.rate(self.failures)
    }

    /// The share of calls that took too long, in percent; `None` as in [`failure_rate`](Self::failure_rate).
    #[must_use]
    pub fn slow_call_rate(&self) -> Option<f64> {
        self.rate(self.slow)
    }

    /// How often a breaker of this name has come to that state from another one. Those there have been before are in it: the number only grows.
    #[must_use]
    pub fn times_entered(&self, state: State) -> u64 {
        let at = Sums::STATES.iter().position(|one| *one == state);
        at.map_or(0, |at| self.entered[at])
    }

    fn rate(&self, part: u32) -> Option<f64> {
        let enough = self.calls > 0 && self.calls >= self.min_calls?;
        enough.then(|| f64::from(part) * 100.0 / f64::from(self.calls))
    }

    /// Of a breaker of which there is only the record.
    pub(crate) fn of_record(record: &Record) -> Self {
        Self::of(record, record.word(), now_ms())
    }

    fn of(record: &Record, word: PackedState, now_ms: u64) -> Self {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let settings = &record.in_force();
        let window = record.window.as_ref().map(|window| window.tally(now_ms));
        let observing = record.is_observing();
        let word = word.at(settings, now_ms, || record.note.whole_ms());
        let phase = word.phase();
        let (mut tally, mut successes, mut probes, mut streak) =
            (window.unwrap_or_default(), 0, 0, 0);
        match phase {
            Phase::Closed(history) if window.is_none() => {
                tally = history.tally(settings.trip, now_ms);
            }
            Phase::Open { streak: now, .. } => streak = now,
            Phase::HalfOpen(half) => {
                (successes, probes, streak) = (half.successes, half.out, half.streak);
                tally = Tally {
                    calls: half.successes + half.failures,
                    failures: half.failures,
                    slow: 0,
                };
            }
            Phase::Closed(_) | Phase::Forced { .. } => {}
        }
        let lets_all_through = observing || kill_switch::is_engaged();
        Self {
            name: record.name,
            state: phase.state(),
            in_state_for: record
                .since_ms()
                .map(|since_ms| Duration::from_millis(now_ms.saturating_sub(since_ms))),
            calls: small(tally.calls),
            failures: small(tally.failures),
            slow: small(tally.slow),
            successes: small(successes),
            probes: small(probes),
            streak: small(streak),
            retry_after: if lets_all_through {
                Duration::ZERO
            } else {
                Duration::from_millis(word.refuses_for_ms(settings, now_ms))
            },
            observing,
            refused: record.sums.times_refused(),
            entered: record.sums.times_entered(),
            min_calls: settings.trip.min_calls().map(small),
        }
    }
}

impl Breaker {
    /// What the breaker is doing now. Reads it once, without stopping anything.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(self.record(), self.word(), now_ms())
    }

    /// Snapshots of all breakers of the process that have had something to tell: a failure, a listener, an order, or a snapshot of
    /// their own. By name and number; of the same ones, in the order in which they first had. [`Registry`](crate::Registry) has the same, and more.
    ///
    /// A breaker that is healthy leaves no trace, for that would cost its calls something. To list it nevertheless, ask it for a
    /// [`snapshot`](Self::snapshot) when the application starts. One that is dropped is listed no longer.
    ///
    /// ```standalone_crate
    /// use redis_resilient::Breaker;
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions");
    ///
    /// let _ = SESSIONS.snapshot();
    /// let names: Vec<_> = Breaker::all().iter().map(|breaker| breaker.name).collect();
    /// assert_eq!(names, ["sessions"]);
    /// ```
    #[must_use]
    pub fn all() -> Vec<Snapshot> {
        let now_ms = now_ms();
        let snapshot = |record: &_| Snapshot::of(record, record.word(), now_ms);
        record::all()
            .iter()
            .map(|record| snapshot(record))
            .collect()
    }
}
