//! Series and their values, summed up where several have the same labels.

use std::collections::BTreeMap;

use redis_resilient_runtime::State;
use redis_resilient_runtime::registry::Durations;

use crate::describe::Metric;

/// One series.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) metric: &'static Metric,
    /// The values of its labels, in the order of the description.
    pub(crate) labels: Vec<String>,
}

impl Point {
    fn new(metric: &'static Metric, labels: &[&str]) -> Self {
        debug_assert_eq!(metric.labels.len(), labels.len(), "{}", metric.name);
        Self {
            metric,
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
        }
    }

    /// Labels and values.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = self.labels.iter().map(String::as_str);
        self.metric.labels.iter().copied().zip(values)
    }

    fn key(&self) -> (&'static str, &[String]) {
        (self.metric.name, &self.labels)
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Point {}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Point {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// What it says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Since the process began.
    Sum(u64),
    /// Now.
    Level(f64),
    /// Since the process began.
    Durations(Box<Durations>),
    /// How many took how many seconds, since the last reading.
    Taken(Vec<(f64, u64)>),
}

#[derive(Debug, Default)]
pub(super) struct Points(pub(super) BTreeMap<Point, Value>);

impl Points {
    pub(super) fn sum(&mut self, metric: &'static Metric, labels: &[&str], count: u64) {
        self.add(metric, labels, Value::Sum(count));
    }

    pub(super) fn level(&mut self, metric: &'static Metric, labels: &[&str], level: f64) {
        self.add(metric, labels, Value::Level(level));
    }

    pub(super) fn durations(
        &mut self,
        metric: &'static Metric,
        labels: &[&str],
        durations: &Durations,
    ) {
        self.add(metric, labels, Value::Durations(Box::new(*durations)));
    }

    /// The highest of those of this name; of what is not a number, another one.
    pub(super) fn highest(&mut self, metric: &'static Metric, labels: &[&str], level: f64) {
        let point = Point::new(metric, labels);
        let there = self.0.entry(point).or_insert(Value::Level(level));
        if let Value::Level(there) = there {
            *there = there.max(level);
        }
    }

    fn add(&mut self, metric: &'static Metric, labels: &[&str], value: Value) {
        let point = Point::new(metric, labels);
        let Some(there) = self.0.get_mut(&point) else {
            self.0.insert(point, value);
            return;
        };
        match (there, value) {
            (Value::Sum(there), Value::Sum(more)) => *there = there.saturating_add(more),
            (Value::Level(there), Value::Level(more)) => *there += more,
            (Value::Durations(there), Value::Durations(more)) => there.add(&more),
            _ => debug_assert!(false, "{} has one kind of value", metric.name),
        }
    }
}

/// As a level. Exact up to 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "what is shown")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}

/// How bad it is that a breaker is in that state.
pub(super) const fn trouble(state: State) -> u8 {
    match state {
        State::Open => 3,
        State::ForcedOpen => 2,
        State::HalfOpen => 1,
        _ => 0,
    }
}
