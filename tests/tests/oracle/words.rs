//! The vocabulary of breakers.

use serde::Deserialize;
use serde_json::Value;

/// The vocabulary of the rules by which a circuit opens. What the engine does not offer is checked for its words only.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "some words are known, and wait for an engine that offers them"
)]
pub(crate) enum Trip {
    Consecutive {
        failures: u32,
    },
    KOfN {
        failures: u32,
        window: u32,
    },
    CountRate {
        window: u32,
        min_calls: u32,
        rate: Option<f64>,
        slow_ms: Option<u64>,
        slow_rate: Option<f64>,
        rounding: Option<String>,
        cmp: Option<String>,
    },
    TimeRate {
        window_ms: u64,
        bucket_ms: Option<u64>,
        align: Option<Align>,
        min_calls: u32,
        rate: Option<f64>,
        slow_ms: Option<u64>,
        slow_rate: Option<f64>,
        rounding: Option<String>,
        cmp: Option<String>,
    },
    TimeK {
        window_ms: u64,
        bucket_ms: Option<u64>,
        align: Option<Align>,
        min_calls: u64,
        failures: u64,
    },
    FixedRate {
        interval_ms: u64,
        min_calls: u64,
        rate: f64,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Align {
    Epoch,
    Start,
    OnDemand,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Eval {
    #[default]
    Any,
    Failure,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Edge {
    #[default]
    Ge,
    Gt,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HalfOpen {
    pub(crate) permits: Option<u32>,
    pub(crate) scope: Scope,
    pub(crate) verdict: HalfOpenVerdict,
    pub(crate) successes: Option<u32>,
    pub(crate) failures: Option<u32>,
    pub(crate) of: Option<u32>,
    pub(crate) rate: Option<f64>,
    #[serde(rename = "slow_rate")]
    _slow_rate: Option<f64>,
    pub(crate) max_ms: Option<u64>,
    #[serde(rename = "max_to")]
    _max_to: Option<StateWord>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    #[default]
    Admissions,
    InFlight,
    Unlimited,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HalfOpenVerdict {
    #[default]
    NSuccesses,
    Rate,
    KOfN,
    RateMin,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ignored {
    #[default]
    Neutral,
    Success,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stale {
    #[default]
    Drop,
    Count,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cancel {
    #[default]
    Neutral,
    Failure,
    Success,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateWord {
    #[default]
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    MetricsOnly,
}

/// When an open circuit whose period is over shows itself as half-open.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transition {
    #[default]
    OnAdmission,
    OnRead,
    Timer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clock {
    Wall,
    Monotonic,
}

impl StateWord {
    /// The need of a test that starts there or orders it.
    pub(crate) const fn need(self) -> &'static str {
        match self {
            Self::Closed => "manual:closed",
            Self::Open => "manual:open",
            Self::HalfOpen => "manual:half_open",
            Self::ForcedOpen => "state:forced_open",
            Self::Disabled => "state:disabled",
            Self::MetricsOnly => "state:metrics_only",
        }
    }
}

/// As it is written in expectations.
pub(crate) fn written(state: StateWord) -> Value {
    Value::from(match state {
        StateWord::Closed => "closed",
        StateWord::Open => "open",
        StateWord::HalfOpen => "half_open",
        StateWord::ForcedOpen => "forced_open",
        StateWord::Disabled => "disabled",
        StateWord::MetricsOnly => "metrics_only",
    })
}
