//! What can be said of each part, key by key.

use std::time::Duration;

use redis_resilient_runtime::__seam::chaos::{Ends, OfSettings};
use redis_resilient_runtime::__seam::overrides::{
    BreakerOverride, BulkheadOverride, Curve, Override,
};
use redis_resilient_runtime::Jitter;
use redis_resilient_runtime::registry::{CacheSettings, ConnectorSettings, SettingPart};

use super::Key;
use super::kind::{Kind, Parsed};

/// Seconds of a day, which is how long a fault may be injected.
const DAY: u64 = 86_400;

const PERCENT: Kind = Kind::Whole {
    least: 1,
    most: 100,
};
const PROBES: Kind = Kind::Whole { least: 1, most: 63 };

/// As the attribute spells them.
const FUNCTION: [Key; 8] = [
    (
        "retries",
        Kind::Whole {
            least: 0,
            most: 100,
        },
    ),
    ("backoff", Kind::Word(&["exp", "linear", "fixed", "none"])),
    ("delay", Kind::Time),
    ("max_delay", Kind::Time),
    (
        "factor",
        Kind::Number {
            least: 1.0,
            most: f64::MAX,
        },
    ),
    (
        "jitter",
        Kind::Word(&["full", "equal", "decorrelated", "none"]),
    ),
    ("timeout", Kind::Time),
    ("deadline", Kind::Time),
];

/// As `Breaker` spells them.
const BREAKER: [Key; 11] = [
    (
        "failure_threshold",
        Kind::Whole {
            least: 1,
            most: 65_535,
        },
    ),
    ("failure_rate", PERCENT),
    (
        "min_calls",
        Kind::Whole {
            least: 1,
            most: 1_000_000,
        },
    ),
    ("window", Kind::TimeUpTo(DAY)),
    ("burst_window", Kind::TimeOrZero),
    ("reset_timeout", Kind::Time),
    ("reset_timeout_max", Kind::Time),
    ("half_open_permits", PROBES),
    ("success_threshold", PROBES),
    ("half_open_timeout", Kind::Time),
    ("probe_lease", Kind::Time),
];

const BULKHEAD: [Key; 1] = [(
    "limit",
    Kind::Whole {
        least: 1,
        most: u32::MAX,
    },
)];

/// As the builder of a connector spells them.
const CONNECTOR: [Key; 3] = [
    ("connect_timeout", Kind::Time),
    ("response_timeout", Kind::Time),
    ("health_check_after", Kind::Time),
];

/// As `redis_cached` spells them.
const CACHE: [Key; 6] = [
    ("enabled", Kind::Switch),
    ("ttl", Kind::Time),
    ("negative_ttl", Kind::Time),
    ("stale_if_error", Kind::TimeOrZero),
    ("stale_while_revalidate", Kind::TimeOrZero),
    (
        "jitter",
        Kind::Number {
            least: 0.0,
            most: 0.5,
        },
    ),
];

/// The names of faults, which are known without the feature `chaos` too.
pub(super) const FAULTS: [&str; 9] = [
    "unreachable",
    "connection_lost",
    "loading",
    "cluster_down",
    "read_only",
    "out_of_memory",
    "delay",
    "rejection",
    "lost_reply",
];

const CHAOS: [Key; 5] = [
    ("fault", Kind::Word(&FAULTS)),
    ("delay", Kind::TimeUpTo(3_600)),
    (
        "share",
        Kind::Number {
            least: 0.0,
            most: 1.0,
        },
    ),
    ("for", Kind::TimeUpTo(DAY)),
    ("until", Kind::Moment),
];

pub(super) const fn keys(part: SettingPart) -> &'static [Key] {
    match part {
        SettingPart::Functions => &FUNCTION,
        SettingPart::Breakers => &BREAKER,
        SettingPart::Bulkheads => &BULKHEAD,
        SettingPart::Connectors => &CONNECTOR,
        SettingPart::Caches => &CACHE,
        SettingPart::Chaos => &CHAOS,
        _ => &[],
    }
}

/// What is said of one thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Function(Override),
    Breaker(BreakerOverride),
    Bulkhead(BulkheadOverride),
    Connector(ConnectorSettings),
    Cache(CacheSettings),
    Chaos(Faults),
}

/// A plan of faults, as far as it is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Faults {
    fault: Option<&'static str>,
    delay: Option<Duration>,
    share: Option<f64>,
    lasts: Option<Duration>,
    until_ms: Option<u64>,
}

impl Part {
    /// Nothing is said yet.
    pub(crate) fn nothing_of(part: SettingPart) -> Self {
        match part {
            SettingPart::Breakers => Self::Breaker(BreakerOverride::default()),
            SettingPart::Bulkheads => Self::Bulkhead(BulkheadOverride::default()),
            SettingPart::Connectors => Self::Connector(ConnectorSettings::default()),
            SettingPart::Caches => Self::Cache(CacheSettings::default()),
            SettingPart::Chaos => Self::Chaos(Faults::default()),
            _ => Self::Function(Override::default()),
        }
    }

    /// A key and its value, which are of this part.
    pub(super) fn put(&mut self, key: &str, value: Parsed) {
        match (self, value) {
            (Self::Function(to), value) => put_function(to, key, value),
            (Self::Breaker(to), value) => put_breaker(to, key, value),
            (Self::Bulkhead(to), Parsed::Whole(limit)) => to.limit = Some(limit),
            (Self::Connector(to), Parsed::Time(time)) => match key {
                "connect_timeout" => to.connect_timeout = Some(time),
                "response_timeout" => to.response_timeout = Some(time),
                _ => to.health_check_after = Some(time),
            },
            (Self::Cache(to), Parsed::Switch(enabled)) => to.enabled = Some(enabled),
            (Self::Cache(to), Parsed::Number(jitter)) => to.jitter = Some(jitter),
            (Self::Cache(to), Parsed::Time(time)) => match key {
                "ttl" => to.ttl = Some(time),
                "negative_ttl" => to.negative_ttl = Some(time),
                "stale_if_error" => to.stale_if_error = Some(time),
                _ => to.stale_while_revalidate = Some(time),
            },
            (Self::Chaos(to), Parsed::Word(fault)) => to.fault = Some(fault),
            (Self::Chaos(to), Parsed::Number(share)) => to.share = Some(share),
            (Self::Chaos(to), Parsed::Moment(until_ms)) => to.until_ms = Some(until_ms),
            (Self::Chaos(to), Parsed::Time(time)) if key == "for" => to.lasts = Some(time),
            (Self::Chaos(to), Parsed::Time(time)) => to.delay = Some(time),
            _ => {}
        }
    }

    /// What is wrong with all of it together, or missing, at this time in milliseconds since 1970.
    pub(crate) fn contradiction(&self, now_ms: u64) -> Option<String> {
        match self {
            Self::Function(said) => of_function(said),
            Self::Breaker(said) => of_breaker(said),
            Self::Cache(said) => of_cache(said),
            Self::Chaos(said) => said.contradiction(now_ms),
            Self::Bulkhead(_) | Self::Connector(_) => None,
        }
    }
}

fn put_function(to: &mut Override, key: &str, value: Parsed) {
    match (key, value) {
        ("retries", Parsed::Whole(retries)) => to.retries = Some(retries),
        ("factor", Parsed::Number(factor)) => to.factor = Some(factor),
        ("delay", Parsed::Time(time)) => to.delay = Some(time),
        ("max_delay", Parsed::Time(time)) => to.max_delay = Some(time),
        ("timeout", Parsed::Time(time)) => to.timeout = Some(time),
        ("deadline", Parsed::Time(time)) => to.deadline = Some(time),
        ("backoff", Parsed::Word(word)) => {
            to.curve = Some(match word {
                "exp" => Curve::Exponential,
                "linear" => Curve::Linear,
                "fixed" => Curve::Fixed,
                _ => Curve::None,
            });
        }
        ("jitter", Parsed::Word(word)) => {
            to.jitter = Some(match word {
                "full" => Jitter::Full,
                "equal" => Jitter::Equal,
                "decorrelated" => Jitter::Decorrelated,
                _ => Jitter::None,
            });
        }
        _ => {}
    }
}

fn put_breaker(to: &mut BreakerOverride, key: &str, value: Parsed) {
    match (key, value) {
        ("failure_threshold", Parsed::Whole(number)) => to.failure_threshold = Some(number),
        ("failure_rate", Parsed::Whole(percent)) => to.failure_rate = Some(percent),
        ("min_calls", Parsed::Whole(number)) => to.min_calls = Some(number),
        ("half_open_permits", Parsed::Whole(number)) => to.half_open_permits = Some(number),
        ("success_threshold", Parsed::Whole(number)) => to.success_threshold = Some(number),
        ("window", Parsed::Time(time)) => to.window = Some(time),
        ("burst_window", Parsed::Time(time)) => to.burst_window = Some(time),
        ("reset_timeout", Parsed::Time(time)) => to.reset_timeout = Some(time),
        ("reset_timeout_max", Parsed::Time(time)) => to.reset_timeout_max = Some(time),
        ("half_open_timeout", Parsed::Time(time)) => to.half_open_timeout = Some(time),
        ("probe_lease", Parsed::Time(time)) => to.probe_lease = Some(time),
        _ => {}
    }
}

fn of_function(of: &Override) -> Option<String> {
    if let (Some(timeout), Some(deadline)) = (of.timeout, of.deadline)
        && deadline <= timeout
    {
        return Some(format!(
            "`deadline` ({deadline:?}) is for all attempts together and has to be longer than `timeout` ({timeout:?}), which is for each"
        ));
    }
    at_least(("max_delay", of.max_delay), ("delay", of.delay))
}

fn of_breaker(of: &BreakerOverride) -> Option<String> {
    at_least(
        ("reset_timeout_max", of.reset_timeout_max),
        ("reset_timeout", of.reset_timeout),
    )
}

fn of_cache(of: &CacheSettings) -> Option<String> {
    let stale = of.stale_if_error.filter(|time| !time.is_zero());
    at_least(("stale_if_error", stale), ("ttl", of.ttl))
}

fn at_least(
    (longer_key, longer): (&str, Option<Duration>),
    (key, shorter): (&str, Option<Duration>),
) -> Option<String> {
    let (longer, shorter) = (longer?, shorter?);
    (longer < shorter).then(|| {
        format!("`{longer_key}` ({longer:?}) has to be at least as long as `{key}` ({shorter:?})")
    })
}

impl Faults {
    fn contradiction(&self, now_ms: u64) -> Option<String> {
        let text = match (self.fault, self.lasts, self.until_ms) {
            (None, _, _) => "`fault` is missing: say what is to be injected",
            (_, None, None) => {
                "it has no end: say `for`, such as \"10m\", or `until`, a date and a time"
            }
            (_, Some(_), Some(_)) => "`for` and `until` both say when it ends: leave one out",
            (Some("delay"), _, _) if self.delay.is_none() => {
                "the fault `delay` needs `delay`, which says how long it is"
            }
            (Some(fault), _, _) if fault != "delay" && self.delay.is_some() => {
                "`delay` is for the fault `delay` only"
            }
            (_, _, Some(until_ms)) if until_ms > now_ms + DAY * 1_000 => {
                "`until` is more than a day ahead: faults are injected for a day at most"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self, now_ms: u64) -> bool {
        self.until_ms.is_some_and(|until_ms| until_ms <= now_ms)
    }

    /// All of it, for this function, or for all of them.
    pub(crate) fn plan(&self, function: Option<String>) -> Option<OfSettings> {
        Some(OfSettings {
            fault: self.fault?.to_owned(),
            delay: self.delay.unwrap_or_default(),
            function,
            share: self.share.unwrap_or(1.0),
            ends: match (self.lasts, self.until_ms) {
                (Some(lasts), _) => Ends::After(lasts),
                (None, until_ms) => Ends::At(until_ms?),
            },
        })
    }
}
