//! What one place says, a file or the environment, of all parts.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use redis_resilient_runtime::__seam::chaos::OfSettings;
use redis_resilient_runtime::__seam::overrides;
use redis_resilient_runtime::registry::SettingPart;

use crate::schema::Part;

/// The name that stands for all functions, where faults are injected.
pub(crate) const ALL: &str = "*";

/// All that is said, as the things in the process are to be told of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) parts: overrides::Said,
    pub(crate) chaos: Vec<OfSettings>,
    /// In whose functions faults would be injected whose time is over.
    pub(crate) over: Vec<String>,
}

impl Said {
    /// All that belongs together by part and name.
    pub(crate) fn of(all: BTreeMap<(SettingPart, String), Part>) -> Self {
        let mut said = Self::default();
        for ((_, name), part) in all {
            let parts = &mut said.parts;
            match part {
                Part::Function(of) => drop(parts.functions.insert(name, of)),
                Part::Breaker(of) => drop(parts.breakers.insert(name, of)),
                Part::Bulkhead(of) => drop(parts.bulkheads.insert(name, of)),
                Part::Connector(of) => drop(parts.connectors.insert(name, of)),
                Part::Cache(of) => drop(parts.caches.insert(name, of)),
                Part::Chaos(of) => {
                    if of.is_over(now_ms()) {
                        said.over.push(name);
                    } else {
                        let function = (name != ALL).then_some(name);
                        said.chaos.extend(of.plan(function));
                    }
                }
            }
        }
        said
    }
}

/// In milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.ok()
        .and_then(|now| u64::try_from(now.as_millis()).ok())
        .unwrap_or_default()
}
