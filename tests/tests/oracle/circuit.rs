//! A breaker as the cases describe it.

use std::time::Duration;

use redis_resilient::Breaker;
use serde::Deserialize;

use crate::cases::{Advice, Case, Words};
use crate::words::{
    Cancel, Clock, Edge, Eval, HalfOpen, HalfOpenVerdict, Ignored, Scope, Stale, StateWord,
    Transition, Trip, written,
};

/// The vocabulary of a breaker's configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) trip: Trip,
    #[serde(default)]
    eval: Eval,
    #[serde(default = "a_minute")]
    open_ms: u64,
    open_multiplier: Option<f64>,
    open_max_ms: Option<u64>,
    #[serde(default)]
    open_edge: Edge,
    #[serde(default)]
    pub(crate) half_open: HalfOpen,
    #[serde(default)]
    pub(crate) ignored: Ignored,
    #[serde(default)]
    stale: Stale,
    #[serde(default)]
    pub(crate) cancel: Cancel,
    #[serde(default)]
    pub(crate) initial: StateWord,
    #[serde(default)]
    pub(crate) transition: Transition,
    #[serde(rename = "t0_ms")]
    _t0_ms: Option<u64>,
    pub(crate) clock: Option<Clock>,
    /// The engine looks at the time when it is asked, and at no other.
    #[serde(rename = "poll_transition")]
    _poll_transition: Option<bool>,
    #[serde(rename = "reset_rejected_on_transition")]
    _reset_rejected: Option<bool>,
    /// Only in pipelines: the errors that count.
    pub(crate) fail_on: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) skip_on: Vec<String>,
}

const fn a_minute() -> u64 {
    60_000
}

impl Config {
    /// What a case with this breaker needs, as far as it shows before the case is run.
    pub(crate) fn needs(&self, case: &Case) -> Vec<&'static str> {
        let mut needs = vec![match &self.trip {
            Trip::Consecutive { .. } => "trip:consecutive",
            Trip::KOfN { window, .. } if *window > 24 => "trip:k_of_n over 24 calls",
            Trip::KOfN { .. } => "trip:k_of_n",
            Trip::CountRate { window: 1025.., .. } => "trip:count_rate over 1024 calls",
            Trip::CountRate { rate, .. } if percent(*rate).is_none() => {
                "trip:fraction of a percent"
            }
            Trip::TimeRate { rate, .. } if percent(*rate).is_none() => "trip:fraction of a percent",
            Trip::CountRate { .. } => "trip:count_rate",
            Trip::TimeRate { .. } => "trip:time_rate",
            Trip::TimeK { .. } => "trip:time_k",
            Trip::FixedRate { .. } => "trip:fixed_rate",
        }];
        if self.open_ms == 0 {
            needs.push("open_ms:0");
        }
        if self
            .open_multiplier
            .is_some_and(|by| ![1.0, 2.0].contains(&by))
        {
            needs.push("open_growth:other factor");
        }
        let cmp = match &self.trip {
            Trip::CountRate { cmp, .. } | Trip::TimeRate { cmp, .. } => cmp.as_deref(),
            _ => None,
        };
        if cmp == Some("gt") {
            needs.push("trip:more than a rate");
        }
        // Of the other rules none comes true by a success.
        let by_rate = matches!(self.trip, Trip::CountRate { .. } | Trip::TimeRate { .. });
        if by_rate && self.eval == Eval::Failure && case.advice == Advice::Dialect {
            needs.push("eval:failures only");
        }
        let half_open =
            |expected: &Words| expected.get("state") == Some(&written(StateWord::HalfOpen));
        if self.half_open.verdict == HalfOpenVerdict::Rate
            && case.advice == Advice::Dialect
            && case.expect.iter().any(half_open)
        {
            needs.push("half_open:waits for what decides nothing");
        }
        if self.initial != StateWord::Closed {
            needs.push(self.initial.need());
        }
        if matches!(self.clock, Some(Clock::Wall)) {
            needs.push("clock:wall");
        }
        // A dialect that the expectations do not depend on is no concern of theirs; a defect is one that has to be absent.
        if case.holds_under_recommended == Some(false) && case.advice != Advice::Avoid {
            let has = |op: &str| case.steps.iter().any(|step| step["op"] == op);
            if self.open_edge == Edge::Gt && has("advance") {
                needs.push("open_edge:gt");
            }
            if self.stale == Stale::Count && has("finish") {
                needs.push("stale:count");
            }
        }
        needs
    }

    /// The need of a case that gets as far as half-open.
    pub(crate) fn half_open_needs(&self) -> [String; 2] {
        let word = |value: &dyn std::fmt::Debug| {
            let snake = format!("{value:?}").replace("KOfN", "k_of_n");
            match snake.as_str() {
                "NSuccesses" => "n_successes".to_owned(),
                "RateMin" => "rate_min".to_owned(),
                "InFlight" => "in_flight".to_owned(),
                _ => snake.to_lowercase(),
            }
        };
        let half = &self.half_open;
        let many = match half.permits {
            Some(64..) => "half_open:permits>63",
            _ => "half_open:permits>1",
        };
        let verdict = format!("half_open:{}/{}", word(&half.verdict), word(&half.scope));
        [verdict, many.to_owned()]
    }

    /// The breaker. Each failure counts, however close to the one before.
    pub(crate) fn build(&self) -> Breaker {
        let half = &self.half_open;
        let permits = match half.scope {
            Scope::Unlimited => 63,
            Scope::Admissions | Scope::InFlight => half.permits.unwrap_or(1).clamp(1, 63),
        };
        let period = Duration::from_millis(self.open_ms);
        let longest = match self.open_multiplier {
            Some(by) if by > 1.0 => self
                .open_max_ms
                .map_or(Duration::MAX, Duration::from_millis),
            _ => period,
        };
        let breaker = Breaker::new("oracle")
            .burst_window(Duration::ZERO)
            .reset_timeout(period)
            .reset_timeout_max(longest)
            .half_open_permits(permits);
        let breaker = match half.verdict {
            HalfOpenVerdict::KOfN => {
                let of = half.of.or(half.permits).unwrap_or(1);
                let successes = half
                    .successes
                    .or(half.failures.map(|failures| of + 1 - failures));
                breaker.success_threshold_of(successes.unwrap_or(of), of)
            }
            HalfOpenVerdict::Rate => {
                let probes = half.of.or(half.permits).unwrap_or(1).clamp(1, 63);
                breaker.half_open_failure_rate(percent(half.rate).unwrap_or(100), probes)
            }
            HalfOpenVerdict::NSuccesses | HalfOpenVerdict::RateMin => {
                breaker.success_threshold(half.successes.or(half.permits).unwrap_or(1).clamp(1, 63))
            }
        };
        let breaker = match self.trip {
            Trip::Consecutive { failures } => breaker.failure_threshold(failures),
            Trip::KOfN { failures, window } => breaker.failure_threshold_of(failures, window),
            Trip::CountRate {
                window,
                min_calls,
                rate,
                ..
            } => breaker.failure_rate_of_calls(percent(rate).unwrap_or(100), window, min_calls),
            Trip::TimeRate {
                window_ms,
                min_calls,
                rate,
                ..
            } => {
                let within = Duration::from_millis(window_ms);
                breaker.failure_rate_of_time(percent(rate).unwrap_or(100), within, min_calls)
            }
            _ => unreachable!("the needs of the case say that this is not offered"),
        };
        match self.slow() {
            Some((rate, ms)) => {
                breaker.slow_call_rate(percent(rate).unwrap_or(100), Duration::from_millis(ms))
            }
            None => breaker,
        }
    }

    /// The share of slow calls that opens the circuit, and from when on a call is slow.
    pub(crate) const fn slow(&self) -> Option<(Option<f64>, u64)> {
        match self.trip {
            Trip::CountRate {
                slow_rate,
                slow_ms: Some(ms),
                ..
            }
            | Trip::TimeRate {
                slow_rate,
                slow_ms: Some(ms),
                ..
            } => Some((slow_rate, ms)),
            _ => None,
        }
    }

    pub(crate) const fn period(&self) -> Duration {
        Duration::from_millis(self.open_ms)
    }

    /// Whether failures of a closed circuit are counted in a row.
    pub(crate) const fn counts_in_a_row(&self) -> bool {
        matches!(self.trip, Trip::Consecutive { .. })
    }

    /// Whether failures of a closed circuit are those of its last calls.
    pub(crate) const fn counts_the_last(&self) -> bool {
        matches!(self.trip, Trip::KOfN { .. })
    }

    /// Whether all calls are counted, in a window.
    pub(crate) const fn counts_all(&self) -> bool {
        matches!(self.trip, Trip::CountRate { .. } | Trip::TimeRate { .. })
    }
}

/// A share in whole percent; none at all is as good as 100 % of what never happens.
pub(crate) fn percent(rate: Option<f64>) -> Option<u32> {
    let percent = rate.map_or(100.0, |rate| rate * 100.0);
    (1..=100).find(|whole| (f64::from(*whole) - percent).abs() < 1e-9)
}
