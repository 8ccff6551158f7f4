//! What settings say of a breaker while the program runs. The rule by which it opens stays: what is kept in the state word is of its kind.

use std::ops::Deref;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Breaker;
use super::packed_state::MAX_PERMITS;
use super::record::{self, Record};
use super::settings::{self, Settings, Verdict};
use super::trip_rule::{MAX_FAILURES, MAX_MIN_CALLS, MAX_WITHIN_MS, TripRule};
use crate::clock::whole_millis;
use crate::overrides::{self, BreakerOverride};

/// The settings that hold now.
pub(super) enum InForce<'a> {
    Own(&'a Settings),
    Said(Arc<Settings>),
}

impl Deref for InForce<'_> {
    type Target = Settings;

    #[inline]
    fn deref(&self) -> &Settings {
        match self {
            Self::Own(settings) => settings,
            Self::Said(settings) => settings,
        }
    }
}

impl Breaker {
    /// What it goes by. Nobody asks while the circuit is closed with nothing on record.
    #[inline]
    pub(super) fn in_force(&self) -> InForce<'_> {
        if overrides::is_said_of_breakers() {
            self.record().in_force()
        } else {
            InForce::Own(&self.settings)
        }
    }
}

impl Record {
    pub(super) fn in_force(&self) -> InForce<'_> {
        let said = self.tuned.read().unwrap_or_else(PoisonError::into_inner);
        match &*said {
            Some(settings) => InForce::Said(Arc::clone(settings)),
            None => InForce::Own(&self.settings),
        }
    }

    /// Goes by what is said of its breaker now: by the name with the number, or that of all its namesakes.
    pub(super) fn retune(&self) {
        let [of_all, own] = self.names();
        let put = |said: Option<BreakerOverride>| {
            let tuned = said.map(|said| Arc::new(self.settings.with(&said)));
            let trip = tuned
                .as_ref()
                .map_or(self.settings.trip, |tuned| tuned.trip);
            *self.tuned.write().unwrap_or_else(PoisonError::into_inner) = tuned;
            if let (TripRule::RateOfTime { within_ms, .. }, Some(window)) = (trip, &self.window) {
                window.looks_back(within_ms);
            }
        };
        overrides::with_said_of(&[own, of_all], |said| &said.breakers, put);
    }
}

/// Which keys count for the breakers of this name, as their builders spell them; `None`: none is listed.
#[must_use]
pub fn taken_by(name: &str) -> Option<Vec<&'static str>> {
    let records = record::all();
    let record = records
        .iter()
        .find(|record| record.names().contains(&name))?;
    let mut taken = vec![
        "reset_timeout",
        "reset_timeout_max",
        "half_open_permits",
        "half_open_timeout",
        "probe_lease",
    ];
    taken.extend(match record.settings.trip {
        TripRule::InARow { .. } | TripRule::OfLast { .. } => {
            &["failure_threshold", "burst_window"][..]
        }
        TripRule::Rate { .. } | TripRule::RateOfTime { .. } => {
            &["failure_rate", "min_calls", "window"]
        }
        TripRule::RateOfCalls { .. } => &["failure_rate", "min_calls"],
    });
    if record.settings.verdict.probes == u64::MAX {
        taken.push("success_threshold");
    }
    Some(taken)
}

impl Settings {
    /// With what was said; what does not go together with the kind of rule has no effect.
    fn with(self, said: &BreakerOverride) -> Self {
        let mut all = self;
        all.trip = self.trip.with(said);
        if let Some(window) = said.burst_window {
            all.burst_window_ms = if window.is_zero() {
                0
            } else {
                settings::lease_millis(window)
            };
        }
        let period = |said: Option<Duration>| said.map(settings::open_millis);
        all.reset_timeout_ms = period(said.reset_timeout).or(all.reset_timeout_ms);
        all.reset_timeout_max_ms = period(said.reset_timeout_max).or(all.reset_timeout_max_ms);
        if all.periods_are_reversed() {
            // What was said stays, and what was made gives way.
            if said.reset_timeout.is_some() {
                all.reset_timeout_max_ms = all.reset_timeout_ms;
            } else {
                all.reset_timeout_ms = all.reset_timeout_max_ms;
            }
        }
        if let Some(permits) = said.half_open_permits {
            all.half_open_permits = u64::from(permits.clamp(1, MAX_PERMITS));
        }
        if let Some(successes) = said.success_threshold
            && all.verdict.probes == u64::MAX
        {
            all.verdict = Verdict::successes(u64::from(successes.clamp(1, MAX_PERMITS)));
        }
        all.half_open_timeout = said.half_open_timeout.or(all.half_open_timeout);
        if let Some(lease) = said.probe_lease {
            all.probe_lease_ms = settings::lease_millis(lease);
        }
        all
    }
}

impl TripRule {
    /// A rule of the same kind.
    fn with(self, said: &BreakerOverride) -> Self {
        let share = |own: u64| {
            said.failure_rate
                .map_or(own, |rate| u64::from(rate.clamp(1, 100)))
        };
        let least = |own: u64, most: u64| {
            let least = said.min_calls.map_or(own, u64::from);
            least.clamp(1, most)
        };
        match self {
            Self::InARow { failures } => Self::InARow {
                failures: said.failure_threshold.map_or(failures, |failures| {
                    u64::from(failures.clamp(1, MAX_FAILURES))
                }),
            },
            Self::OfLast { failures, calls } => Self::OfLast {
                failures: said.failure_threshold.unwrap_or(failures).clamp(1, calls),
                calls,
            },
            Self::Rate {
                percent,
                min_calls,
                within_ms,
            } => Self::Rate {
                percent: share(percent),
                min_calls: least(min_calls, u64::from(MAX_MIN_CALLS)),
                within_ms: said.window.map_or(within_ms, |window| {
                    whole_millis(window).clamp(1, MAX_WITHIN_MS)
                }),
            },
            Self::RateOfCalls {
                percent,
                min_calls,
                calls,
            } => Self::RateOfCalls {
                percent: share(percent),
                min_calls: least(min_calls, u64::from(calls)),
                calls,
            },
            Self::RateOfTime {
                percent,
                min_calls,
                within_ms,
            } => Self::RateOfTime {
                percent: share(percent),
                min_calls: least(min_calls, u64::MAX),
                within_ms: said.window.map_or(within_ms, |window| {
                    whole_millis(window).clamp(10, 86_400_000)
                }),
            },
        }
    }
}
