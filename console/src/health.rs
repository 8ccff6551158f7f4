//! How the process is doing, from what the registry says.

mod connected;
mod finding;
mod policy;
mod report;
mod said;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis_resilient_runtime::{Registry, kill_switch};
use serde::Serialize;

pub use self::connected::{
    CacheHealth, ConnectionHealth, ConnectorHealth, ConsumerHealth, DatabaseHealth,
    DatabasesHealth, JournalHealth, SwitchHealth,
};
pub use self::finding::{Finding, Part, Verdict};
pub use self::policy::HealthPolicy;
#[cfg(feature = "axum")]
pub(crate) use self::report::state;
pub use self::report::{
    BreakerHealth, BulkheadHealth, Calls, CheckHealth, Failure, FunctionHealth, FunctionNumbers,
};
pub use self::said::{ChaosHealth, SettingHealth, SettingsHealth};

/// How the process is doing: a verdict, what it is founded on, and all that the registry lists. Serialises to JSON; times are in milliseconds, with
/// `_ms` in their names. There is no secret in it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// The worst of the findings.
    pub verdict: Verdict,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// When it was looked at, in milliseconds since 1970.
    pub at_ms: u64,
    /// Whether the [kill switch](redis_resilient_runtime::kill_switch) is engaged.
    pub kill_switch: bool,
    /// Faults that are injected on purpose, by the feature `chaos`.
    pub chaos: Vec<ChaosHealth>,
    /// Settings of a file and the environment, if there are any: the feature `settings`.
    pub settings: Option<SettingsHealth>,
    /// What was tried to find out, see [`Checks`](crate::Checks).
    pub checks: Vec<CheckHealth>,
    /// The circuit breakers.
    pub breakers: Vec<BreakerHealth>,
    /// The bulkheads.
    pub bulkheads: Vec<BulkheadHealth>,
    /// The annotated functions.
    pub functions: Vec<FunctionHealth>,
    /// The connectors.
    pub connectors: Vec<ConnectorHealth>,
    /// The databases of connectors that have several.
    pub databases: Vec<DatabasesHealth>,
    /// The caches.
    pub caches: Vec<CacheHealth>,
    /// The journals.
    pub journals: Vec<JournalHealth>,
    /// The consumers of streams.
    pub consumers: Vec<ConsumerHealth>,
}

/// How the process is doing, where Redis is optional: degraded is the worst that can be.
///
/// It asks nobody and does not wait: it is what calls have met. What was not used tells nothing; for that there are [`Checks`](crate::Checks).
///
/// ```
/// use redis_resilient::console::{Verdict, health};
/// use redis_resilient::{Breaker, Registry};
///
/// static SESSIONS: Breaker = Breaker::new("sessions");
/// Registry::global().register(&SESSIONS);
/// assert_eq!(health().verdict, Verdict::Up);
///
/// SESSIONS.force_open(None);
/// let health = health();
/// assert_eq!(health.verdict, Verdict::Degraded);
/// assert_eq!(health.findings[0].text, "the circuit was forced open by an operator");
/// ```
#[must_use]
pub fn health() -> Health {
    HealthPolicy::new().health(Vec::new())
}

impl HealthPolicy {
    /// How the process is doing by this policy, with what [`Checks`](crate::Checks) have found, if there are any.
    #[must_use]
    pub fn health(&self, checks: Vec<CheckHealth>) -> Health {
        let mut health = Health::read(checks);
        self.judge(&mut health);
        health
    }
}

impl Health {
    /// What the registry says, without a verdict.
    pub(crate) fn read(checks: Vec<CheckHealth>) -> Self {
        let registry = Registry::global();
        let settings = registry.settings().map(SettingsHealth::of);
        let mut functions = all(&registry.functions(), FunctionHealth::of);
        if let Some(settings) = &settings {
            let said = settings.of_functions();
            for function in &mut functions {
                function.is_said_in(&said);
            }
        }
        Self {
            verdict: Verdict::Up,
            findings: Vec::new(),
            at_ms: unix_ms(),
            kill_switch: kill_switch::is_engaged(),
            chaos: ChaosHealth::all(),
            settings,
            checks,
            breakers: all(&registry.breakers(), BreakerHealth::of),
            bulkheads: all(&registry.bulkheads(), BulkheadHealth::of),
            functions,
            connectors: all(&registry.connectors(), ConnectorHealth::of),
            databases: all(&registry.databases(), DatabasesHealth::of),
            caches: all(&registry.caches(), CacheHealth::of),
            journals: all(&registry.journals(), JournalHealth::of),
            consumers: all(&registry.consumers(), ConsumerHealth::of),
        }
    }
}

fn all<T, R>(listed: &[T], shown: impl Fn(&T) -> R) -> Vec<R> {
    listed.iter().map(shown).collect()
}

/// In milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    millis(now.unwrap_or_default())
}

/// Whole milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
