//! What a console says, as far as it is shown here. Services of other releases say more or less: what is missing is left out.

use serde::{Deserialize, Deserializer};

use crate::line::clean;

/// What a console says.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Sample {
    // By these it is known that a console has answered.
    pub(crate) verdict: Text,
    pub(crate) at_ms: u64,
    pub(crate) breakers: Vec<Breaker>,
    #[serde(default)]
    pub(crate) kill_switch: bool,
    #[serde(default)]
    pub(crate) findings: Vec<Finding>,
    #[serde(default)]
    pub(crate) checks: Vec<Check>,
    #[serde(default)]
    pub(crate) functions: Vec<Function>,
    #[serde(default)]
    pub(crate) connectors: Vec<Connector>,
    #[serde(default)]
    pub(crate) caches: Vec<Cache>,
    #[serde(default)]
    pub(crate) journals: Vec<Journal>,
    #[serde(default)]
    pub(crate) consumers: Vec<Consumer>,
    #[serde(default)]
    pub(crate) bulkheads: Vec<Bulkhead>,
}

/// A text without what a terminal would obey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(clean(&text)))
    }
}

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Finding {
    pub(crate) part: Text,
    pub(crate) name: Text,
    pub(crate) verdict: Text,
    pub(crate) text: Text,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Check {
    pub(crate) name: Text,
    pub(crate) error: Option<Text>,
    pub(crate) took_ms: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Breaker {
    pub(crate) name: Text,
    pub(crate) number: Option<u16>,
    pub(crate) state: Text,
    pub(crate) in_state_for_ms: Option<u64>,
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) failure_rate: Option<f64>,
    pub(crate) retry_after_ms: u64,
    pub(crate) observing: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Function {
    pub(crate) name: Text,
    pub(crate) calls: Option<Calls>,
    pub(crate) failed_attempts: u64,
    pub(crate) retries: u64,
    pub(crate) fallbacks: u64,
    pub(crate) policy: Option<Policy>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Calls {
    pub(crate) total: u64,
    pub(crate) fallbacks: u64,
    pub(crate) failed: u64,
    pub(crate) p50_us: Option<u64>,
    pub(crate) p99_us: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Policy {
    pub(crate) worst_case_ms: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Failure {
    pub(crate) class: Text,
    pub(crate) error: Option<Text>,
    pub(crate) ago_ms: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Connector {
    pub(crate) name: Text,
    pub(crate) connections: Vec<Connection>,
    pub(crate) last_failure: Option<Failure>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Connection {
    pub(crate) address: Text,
    pub(crate) connected_for_ms: u64,
    pub(crate) role: Option<Text>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Cache {
    pub(crate) name: Text,
    pub(crate) near_hits: u64,
    pub(crate) redis_hits: u64,
    pub(crate) stale_hits: u64,
    pub(crate) loads: u64,
    pub(crate) failed_loads: u64,
    pub(crate) pending_invalidations: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Journal {
    pub(crate) name: Text,
    pub(crate) waiting: u64,
    pub(crate) waiting_bytes: u64,
    pub(crate) fill: f64,
    pub(crate) full: bool,
    pub(crate) oldest_ms: Option<u64>,
    pub(crate) draining: bool,
    pub(crate) eta_ms: Option<u64>,
    pub(crate) dead_letters: u64,
    pub(crate) last_failure: Option<Failure>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Consumer {
    pub(crate) stream: Text,
    pub(crate) group: Text,
    pub(crate) reading: bool,
    pub(crate) failing_for_ms: Option<u64>,
    pub(crate) standing_by: bool,
    pub(crate) in_work: u64,
    pub(crate) lag: Option<u64>,
    pub(crate) handled: u64,
    pub(crate) failed: u64,
    pub(crate) dead_letters: u64,
    pub(crate) last_failure: Option<Failure>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Bulkhead {
    pub(crate) name: Text,
    pub(crate) limit: u64,
    pub(crate) inside: Option<u64>,
    pub(crate) waiting: Option<u64>,
    pub(crate) refused: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_other_releases_are_understood() {
        let text = r#"{"verdict":"up","at_ms":1,"breakers":[{"name":"a\u001b[2J","state":"closed","new":[1]}],"newer":{"a":1}}"#;
        let sample: Sample = serde_json::from_str(text).expect("it is one");
        assert_eq!(&*sample.breakers[0].name, "a·[2J");
        assert!(sample.functions.is_empty());
    }

    #[test]
    fn what_is_not_from_a_console_is_not_taken_for_it() {
        for text in ["{}", "[]", "null", "<html>", "", r#"{"status":"UP"}"#] {
            assert!(serde_json::from_str::<Sample>(text).is_err(), "{text}");
        }
    }
}
