//! What counts as healthy: the decision. Pure.

use std::time::Duration;

use super::Health;
use super::connected::{
    CacheHealth, ConnectorHealth, ConsumerHealth, DatabasesHealth, JournalHealth,
};
use super::finding::{Finding, Part, Verdict};
use super::millis;
use super::report::{BreakerHealth, Failure, FunctionHealth};
use super::said::{ChaosHealth, SettingsHealth};

/// What counts as healthy.
///
/// Nothing is required unless told: then Redis is optional, and a process without it is degraded, and ready.
///
/// ```
/// use redis_resilient::console::HealthPolicy;
///
/// let policy = HealthPolicy::new().required("sessions");
/// let health = policy.health(Vec::new());
/// println!("{:?}: {:?}", health.verdict, health.findings);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HealthPolicy {
    required: Vec<String>,
    lately: Duration,
}

impl Default for HealthPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl HealthPolicy {
    /// One by which nothing is required.
    pub const fn new() -> Self {
        Self {
            required: Vec::new(),
            lately: Duration::from_secs(30),
        }
    }

    /// Without what has this name the process is [`Down`](Verdict::Down): a check, a breaker, a connector (by its description), a journal, or the stream of
    /// a consumer. Several may be required.
    ///
    /// A breaker is down while it refuses calls. Once it would let a probe through it is degraded only: a process that gets no calls could never find
    /// out that Redis is back.
    pub fn required(mut self, name: impl Into<String>) -> Self {
        self.required.push(name.into());
        self
    }

    /// For how long a failure counts. 30 s unless told.
    pub const fn lately(mut self, time: Duration) -> Self {
        self.lately = time;
        self
    }

    /// Finds out what is not as it should be.
    pub(super) fn judge(&self, health: &mut Health) {
        let mut findings = Vec::new();
        if health.kill_switch {
            let text = "the kill switch is engaged: nothing is protected".to_owned();
            findings.push(Finding {
                verdict: Verdict::Degraded,
                part: Part::Process,
                name: "process".to_owned(),
                text,
            });
        }
        let mut find = |part, name: &str, found: Option<(Verdict, String)>| {
            let Some((worst, text)) = found else {
                return;
            };
            let is_required = self.required.iter().any(|required| required == name);
            findings.push(Finding {
                verdict: if is_required {
                    worst
                } else {
                    worst.min(Verdict::Degraded)
                },
                part,
                name: name.to_owned(),
                text,
            });
        };
        for plan in &health.chaos {
            find(Part::Chaos, plan.place(), Some(of_chaos(plan)));
        }
        if let Some(settings) = &health.settings {
            let path = settings.path.as_deref().unwrap_or("environment");
            find(Part::Settings, path, of_settings(settings));
        }
        for check in &health.checks {
            let error = check.error.clone();
            find(
                Part::Check,
                check.name,
                error.map(|error| (Verdict::Down, error)),
            );
        }
        for breaker in &health.breakers {
            find(Part::Breaker, breaker.name, of_breaker(breaker));
        }
        for connector in &health.connectors {
            find(
                Part::Connector,
                &connector.name,
                self.of_connector(connector),
            );
        }
        for databases in &health.databases {
            find(Part::Databases, &databases.name, of_databases(databases));
        }
        for function in &health.functions {
            find(Part::Function, function.name, self.of_function(function));
        }
        for cache in &health.caches {
            find(Part::Cache, &cache.name, of_cache(cache));
        }
        for journal in &health.journals {
            find(Part::Journal, &journal.name, of_journal(journal));
        }
        for consumer in &health.consumers {
            find(Part::Consumer, &consumer.stream, of_consumer(consumer));
        }
        health.verdict = findings
            .iter()
            .map(|one| one.verdict)
            .max()
            .unwrap_or_default();
        health.findings = findings;
    }

    fn is_lately(&self, ago_ms: u64) -> bool {
        ago_ms <= millis(self.lately)
    }

    fn of_connector(&self, connector: &ConnectorHealth) -> Option<(Verdict, String)> {
        let failure = connector.last_failure.as_ref()?;
        let is_away = connector.connections.is_empty() && self.is_lately(failure.ago_ms);
        is_away.then(|| (Verdict::Down, format!("not connected: {}", failure.text())))
    }

    /// That calls fail has its reason in what they call: by itself it is never worse than degraded.
    fn of_function(&self, function: &FunctionHealth) -> Option<(Verdict, String)> {
        let failure = function.last_failure.as_ref()?;
        let failed_lately = self.is_lately(failure.ago_ms);
        failed_lately.then(|| {
            let text = format!("an attempt has failed lately ({})", failure.class);
            (Verdict::Degraded, text)
        })
    }
}

fn of_breaker(breaker: &BreakerHealth) -> Option<(Verdict, String)> {
    let refuses = breaker.retry_after_ms > 0;
    let (verdict, text) = match breaker.state {
        "closed" if breaker.observing => (Verdict::Degraded, "the circuit only observes"),
        "closed" => return None,
        "open" if refuses => (Verdict::Down, "the circuit is open"),
        "open" => (
            Verdict::Degraded,
            "the circuit is open, and waits for a call to probe",
        ),
        "half_open" => (Verdict::Degraded, "the circuit is half-open, and probes"),
        "forced_open" => (Verdict::Down, "the circuit was forced open by an operator"),
        "forced_closed" => (
            Verdict::Degraded,
            "the circuit was forced closed by an operator",
        ),
        _ => (Verdict::Degraded, "the breaker was disabled by an operator"),
    };
    Some((verdict, text.to_owned()))
}

/// One that is away leaves the others; it is down where nobody answers whom commands go to.
fn of_databases(databases: &DatabasesHealth) -> Option<(Verdict, String)> {
    let all = &databases.databases;
    let away: Vec<_> = all
        .iter()
        .filter(|one| !one.healthy)
        .map(|one| &*one.name)
        .collect();
    let present = all.iter().find(|one| one.present)?;
    if away.is_empty() {
        return None;
    }
    let names = away.join(", ");
    Some(if present.healthy {
        let text = format!("does not answer: {names}; commands go to {}", present.name);
        (Verdict::Degraded, text)
    } else if away.len() == all.len() {
        (Verdict::Down, format!("no database answers: {names}"))
    } else {
        let text = format!(
            "{} does not answer, and another one is to take over",
            present.name
        );
        (Verdict::Down, text)
    })
}

fn of_chaos(plan: &ChaosHealth) -> (Verdict, String) {
    let percent = 100.0 * plan.share;
    let text = format!(
        "faults are injected on purpose, by {}: {} in {percent:.0} % of the attempts",
        plan.by, plan.fault
    );
    (Verdict::Degraded, text)
}

fn of_settings(settings: &SettingsHealth) -> Option<(Verdict, String)> {
    let why = settings.refused.as_ref()?;
    let text = format!("the file as it is now is not in force: {why}");
    Some((Verdict::Degraded, text))
}

fn of_cache(cache: &CacheHealth) -> Option<(Verdict, String)> {
    let pending = cache.pending_invalidations;
    let text = || format!("{pending} invalidations have not reached Redis");
    (pending > 0).then(|| (Verdict::Degraded, text()))
}

fn of_journal(journal: &JournalHealth) -> Option<(Verdict, String)> {
    if journal.full {
        let text = format!("the journal is full: {} writes wait", journal.waiting);
        return Some((Verdict::Down, text));
    }
    if journal.waiting > 0 {
        let text = format!("{} writes wait for Redis", journal.waiting);
        return Some((Verdict::Degraded, text));
    }
    let dead = journal.dead_letters;
    (dead > 0).then(|| {
        let text = format!("{dead} writes were refused for good, and wait for somebody");
        (Verdict::Degraded, text)
    })
}

fn of_consumer(consumer: &ConsumerHealth) -> Option<(Verdict, String)> {
    consumer.failing_for_ms?;
    let why = consumer.last_failure.as_ref().map(Failure::text);
    let text = format!("the consumer cannot read: {}", why.unwrap_or_default());
    Some((Verdict::Down, text))
}
