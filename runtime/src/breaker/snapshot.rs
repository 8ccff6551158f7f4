//! What a breaker is doing, for dashboards and health checks.

use std::time::Duration;

use super::word::Phase;
use super::{Breaker, ORDER, State};
use crate::clock::now_ms;

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
    /// Failures while closed that count towards opening it: those within [`lump`](Breaker::lump) of each other are one.
    pub failures: u32,
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
}

impl Breaker {
    /// What the breaker is doing now. Reads it once, without stopping anything.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let phase = self.word().phase();
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let mut snapshot = Snapshot {
            name: self.name,
            state: phase.state(),
            in_state_for: match self.since_ms.load(ORDER) {
                0 => None,
                since_ms => Some(Duration::from_millis(now_ms().saturating_sub(since_ms))),
            },
            failures: 0,
            successes: 0,
            probes: 0,
            streak: 0,
            retry_after: self.retry_after(),
            observing: self.observing.load(ORDER),
        };
        match phase {
            Phase::Closed(history) => {
                snapshot.failures = small(history.failures(self.settings.trip));
            }
            Phase::Open { streak, .. } => snapshot.streak = small(streak),
            Phase::HalfOpen(half) => {
                snapshot.streak = small(half.streak);
                snapshot.successes = small(half.successes);
                snapshot.probes = small(half.out);
            }
            Phase::Forced { .. } => {}
        }
        snapshot
    }
}
