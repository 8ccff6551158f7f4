//! One reading: all series with their values, from the registry and what events have told.

mod caches;
mod consumers;
mod databases;
mod journals;
mod series;

use std::collections::{BTreeMap, BTreeSet};

use redis_resilient_runtime::registry::{CallCounts, Durations, FunctionSnapshot, ListedBreaker};
use redis_resilient_runtime::{Registry, State};

use crate::describe::{self, Metric};
use crate::events;
use crate::names::Names;
pub(crate) use series::{Point, Value};
use series::{Points, trouble};

/// So many durations are told for each series at a reading.
const MOST_DURATIONS: u64 = 20_000;

const STATES: [(State, &str); 6] = [
    (State::Closed, "closed"),
    (State::HalfOpen, "half_open"),
    (State::Open, "open"),
    (State::ForcedOpen, "forced_open"),
    (State::ForcedClosed, "forced_closed"),
    (State::Disabled, "disabled"),
];

/// A counter.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    /// What those that are there have counted.
    now: u64,
    /// What those have counted that have gone.
    gone: u64,
}

impl Sum {
    /// It grows only: where less is counted than before, somebody has gone, or somebody else has taken his place.
    fn becomes(&mut self, now: u64) -> u64 {
        self.gone += self.now.saturating_sub(now);
        self.now = now;
        self.gone + now
    }
}

/// What reads again and again: it remembers what it has told.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    functions: Names,
    breakers: Names,
    bulkheads: Names,
    connectors: Names,
    databases: Names,
    caches: Names,
    journals: Names,
    consumers: Names,
    sums: BTreeMap<Point, Sum>,
    /// The gauges of the last reading.
    levels: BTreeSet<Point>,
    durations: BTreeMap<Point, Durations>,
}

impl Reader {
    /// All series and their values. A counter is 0 when it is first told; durations are those since the last reading.
    pub(crate) fn read(&mut self) -> Vec<(Point, Value)> {
        events::start();
        let registry = Registry::global();
        let mut points = Points::default();
        let caches = registry.caches();
        let names = caches::names(&caches);
        self.functions(&mut points, &registry.functions(), &names);
        self.breakers(&mut points, &registry.breakers());
        self.bulkheads(&mut points, registry);
        self.connectors(&mut points, registry);
        databases::read(&mut self.databases, &mut points, &registry.databases());
        caches::read(&mut self.caches, &mut points, &caches);
        journals::read(&mut self.journals, &mut points, &registry.journals());
        consumers::read(&mut self.consumers, &mut points, &registry.consumers());
        for (series, count) in events::counts() {
            if let Some(metric) = describe::metrics().iter().find(|m| m.name == series.metric) {
                let labels: Vec<_> = series.labels.iter().map(String::as_str).collect();
                points.sum(metric, &labels, count);
            }
        }
        self.forget(&points);
        let gone = self.gone(&points);
        let points = points.0.into_iter().chain(gone);
        points
            .map(|(point, value)| self.tell(point, value))
            .collect()
    }

    /// What caches, journals, consumers and several databases have counted that are no more: one that takes their place begins at 0.
    fn forget(&mut self, points: &Points) {
        let ends = [
            "resilient.cache.",
            "resilient.journal.",
            "resilient.consumer.",
            "resilient.database.",
        ];
        for (point, sum) in &mut self.sums {
            let may_end = ends.iter().any(|kind| point.metric.name.starts_with(kind));
            if may_end && !points.0.contains_key(point) {
                sum.becomes(0);
            }
        }
    }

    /// Gauges of what is no more, once: who was told them keeps what he was told last.
    fn gone(&mut self, points: &Points) -> Vec<(Point, Value)> {
        let is_level = |(_, value): &(&Point, &Value)| matches!(value, Value::Level(_));
        let levels = points.0.iter().filter(is_level);
        let levels: BTreeSet<_> = levels.map(|(point, _)| point.clone()).collect();
        let before = std::mem::replace(&mut self.levels, levels);
        let gone = before.difference(&self.levels).cloned();
        gone.map(|point| (point, Value::Level(0.0))).collect()
    }

    fn tell(&mut self, point: Point, value: Value) -> (Point, Value) {
        let value = match value {
            Value::Sum(now) => Value::Sum(if let Some(sum) = self.sums.get_mut(&point) {
                sum.becomes(now)
            } else {
                self.sums.insert(point.clone(), Sum { now, gone: 0 });
                0
            }),
            Value::Durations(now) => {
                let before = self.durations.insert(point.clone(), *now);
                Value::Taken(taken(now.as_ref(), before.as_ref()))
            }
            other => other,
        };
        (point, value)
    }

    fn functions(
        &mut self,
        points: &mut Points,
        functions: &[FunctionSnapshot],
        caches: &BTreeSet<&str>,
    ) {
        self.functions.read(functions.iter().map(|function| {
            let calls = function.calls.unwrap_or_default();
            (function.name, calls.failed + calls.rejected > 0)
        }));
        for function in functions {
            let name = self.functions.label(function.name);
            if !caches.contains(function.name) {
                calls(points, name, &function.calls.unwrap_or_default());
            }
            for (metric, count) in [
                (describe::RETRIES, function.retries),
                (describe::ATTEMPTS_FAILED, function.failed_attempts),
                (describe::HEDGES, function.hedges),
                (describe::HEDGES_WON, function.hedges_won),
                (describe::TURNED_AWAY, function.turned_away),
            ] {
                points.sum(metric, &[name], count);
            }
            if let Some(attempts) = function.attempts {
                for (outcome, durations) in [
                    ("answered", &attempts.answered),
                    ("failed", &attempts.failed),
                ] {
                    points.durations(describe::ATTEMPT_DURATION, &[name, outcome], durations);
                }
            }
        }
    }

    fn breakers(&mut self, points: &mut Points, breakers: &[ListedBreaker]) {
        // One for each name: the one that is worst off. Sums are those of the name in any case.
        let mut by_name: BTreeMap<&str, &ListedBreaker> = BTreeMap::new();
        for breaker in breakers {
            let there = by_name.entry(breaker.snapshot.name).or_insert(breaker);
            if trouble(breaker.snapshot.state) > trouble(there.snapshot.state) {
                *there = breaker;
            }
        }
        self.breakers.read(by_name.values().map(|breaker| {
            let snapshot = &breaker.snapshot;
            (snapshot.name, trouble(snapshot.state) > 0)
        }));
        for breaker in by_name.values() {
            let snapshot = &breaker.snapshot;
            let name = self.breakers.label(snapshot.name);
            for (state, label) in STATES {
                let is_in_it = f64::from(u8::from(snapshot.state == state));
                points.level(describe::BREAKER_STATE, &[name, label], is_in_it);
                let times = snapshot.times_entered(state);
                points.sum(describe::BREAKER_TRANSITIONS, &[name, label], times);
            }
            let refused = snapshot.refused.unwrap_or_default();
            points.sum(describe::BREAKER_REJECTED, &[name], refused);
            if let Some(handle) = breaker.handle() {
                let tokens = f64::from(handle.retry_tokens());
                points.level(describe::BUDGET_TOKENS, &[name], tokens);
            }
        }
    }

    fn bulkheads(&mut self, points: &mut Points, registry: &Registry) {
        let bulkheads = registry.bulkheads();
        self.bulkheads.read(bulkheads.iter().map(|bulkhead| {
            let snapshot = &bulkhead.snapshot;
            (snapshot.name, snapshot.inside == Some(snapshot.limit))
        }));
        for bulkhead in bulkheads {
            let snapshot = bulkhead.snapshot;
            let name = self.bulkheads.label(snapshot.name);
            let level = |points: &mut Points, metric: &'static Metric, value: Option<u32>| {
                if let Some(value) = value {
                    points.level(metric, &[name], f64::from(value));
                }
            };
            level(points, describe::BULKHEAD_IN_USE, snapshot.inside);
            level(points, describe::BULKHEAD_WAITING, snapshot.waiting);
            level(points, describe::BULKHEAD_LIMIT, Some(snapshot.limit));
            points.sum(describe::BULKHEAD_REJECTED, &[name], snapshot.refused);
        }
    }

    fn connectors(&mut self, points: &mut Points, registry: &Registry) {
        let connectors = registry.connectors();
        self.connectors.read(connectors.iter().map(|connector| {
            let has_none = connector.connections.is_empty();
            (connector.description.as_str(), has_none)
        }));
        for connector in &connectors {
            let name = self.connectors.label(&connector.description);
            let connections = u32::try_from(connector.connections.len()).unwrap_or(u32::MAX);
            points.level(describe::CONNECTIONS, &[name], f64::from(connections));
            for result in ["ok", "error"] {
                points.sum(describe::CONNECTS, &[name, result], 0);
            }
            for metric in [
                describe::CONNECTIONS_LOST,
                describe::FAILOVERS,
                describe::CREDENTIALS_FAILED,
            ] {
                points.sum(metric, &[name], 0);
            }
        }
    }
}

/// All results of a function are there when one is. No function has those of a cache, and no cache those of a function.
fn calls(points: &mut Points, name: &str, calls: &CallCounts) {
    let [first, second, later] = calls.fallbacks;
    for (result, count) in [
        ("redis", calls.redis),
        ("retried", calls.retried),
        ("fallback", first),
        ("fallback_2", second),
        ("fallback_3", later),
        ("stale", calls.stale),
        ("queued", calls.queued),
        ("error", calls.failed),
        ("rejected", calls.rejected),
    ] {
        points.sum(describe::CALLS, &[name, result], count);
    }
}

/// How many took how many seconds since `before`, in proportion if they are too many.
fn taken(now: &Durations, before: Option<&Durations>) -> Vec<(f64, u64)> {
    let before: Vec<u64> = match before {
        Some(before) => before.buckets().map(|(_, count)| count).collect(),
        None => Vec::new(),
    };
    let mut lower = 0.0;
    let mut taken = Vec::new();
    for (at, (bound, count)) in now.buckets().enumerate() {
        let upper = bound.map_or(lower, |bound| bound.as_secs_f64());
        let middle = f64::midpoint(lower, upper);
        // Above all bounds it is above the last.
        let seconds = if bound.is_none() { lower * 1.2 } else { middle };
        let new = count.saturating_sub(before.get(at).copied().unwrap_or_default());
        if new > 0 {
            taken.push((seconds, new));
        }
        lower = upper;
    }
    let all: u64 = taken.iter().map(|(_, count)| count).sum();
    if all > MOST_DURATIONS {
        for (_, count) in &mut taken {
            let share = u128::from(*count) * u128::from(MOST_DURATIONS) / u128::from(all);
            *count = u64::try_from(share).unwrap_or(MOST_DURATIONS).max(1);
        }
    }
    taken
}
