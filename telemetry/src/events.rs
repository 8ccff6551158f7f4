//! What is counted as it is told, for nothing else keeps the sum of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, Once, PoisonError};

use redis_resilient_runtime::{Event, observe};

use crate::describe::{self, Metric};

/// More series than these are not made: the names come from configuration, but there may be a mistake in it.
const MOST: usize = 4_000;

/// One number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    pub(crate) metric: &'static str,
    /// The names that its labels have, in the order of the description.
    pub(crate) labels: Vec<String>,
}

static COUNTS: Mutex<BTreeMap<Series, u64>> = Mutex::new(BTreeMap::new());

pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| observe(count));
}

/// All that were counted so far.
pub(crate) fn counts() -> Vec<(Series, u64)> {
    let counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    counts
        .iter()
        .map(|(series, count)| (series.clone(), *count))
        .collect()
}

fn count(event: &Event<'_>) {
    use describe as is;
    match event {
        Event::Connected(of) => connects(of.connector, 1, 0),
        Event::ConnectFailed(of) => connects(of.connector, 0, 1),
        Event::ConnectionLost(of) => add(is::CONNECTIONS_LOST, &[of.connector], 1),
        Event::HealthCheckFailed(of) => add(is::CONNECTIONS_LOST, &[of.connector], 1),
        Event::PrimaryMoved(of) => add(is::FAILOVERS, &[of.connector], 1),
        Event::CredentialsFailed(of) => add(is::CREDENTIALS_FAILED, &[of.connector], 1),
        Event::StaleServed(of) => add(is::CACHE_STALE, &[of.cache], 1),
        Event::EntryUnreadable(of) => add(is::CACHE_UNREADABLE, &[of.cache], of.count),
        Event::WriteDead(of) => add(is::JOURNAL_DEAD, &[of.journal], 1),
        Event::JournalDropped(of) => add(is::JOURNAL_DROPPED, &[of.journal], of.count),
        Event::JournalFailed(of) => add(is::JOURNAL_FAILED, &[of.journal], of.count),
        Event::JournalQueued(of) => {
            for metric in [is::JOURNAL_DEAD, is::JOURNAL_DROPPED, is::JOURNAL_FAILED] {
                add(metric, &[of.journal], 0);
            }
        }
        Event::ConsumerFailed(of) => add(is::CONSUMER_FAILED, &[of.stream, of.group], 1),
        Event::GroupMade(of) => {
            for metric in [
                is::CONSUMER_FAILED,
                is::ENTRIES_FAILED,
                is::ENTRIES_DEAD,
                is::ENTRIES_LOST,
            ] {
                add(metric, &[of.stream, of.group], 0);
            }
        }
        Event::EntryFailed(of) => add(is::ENTRIES_FAILED, &[of.stream, of.group], 1),
        Event::EntryDeadLettered(of) => add(is::ENTRIES_DEAD, &[of.stream, of.group], 1),
        Event::EntriesTrimmed(of) => add(is::ENTRIES_LOST, &[of.stream, of.group], of.count),
        _ => {}
    }
}

/// All that connectors count is there as soon as one of it is.
fn connects(connector: &str, ok: u64, error: u64) {
    add(describe::CONNECTS, &[connector, "ok"], ok);
    add(describe::CONNECTS, &[connector, "error"], error);
    for metric in [
        describe::CONNECTIONS_LOST,
        describe::FAILOVERS,
        describe::CREDENTIALS_FAILED,
    ] {
        add(metric, &[connector], 0);
    }
}

fn add(metric: &Metric, labels: &[&str], more: u64) {
    let series = Series {
        metric: metric.name,
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
    };
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let is_full = counts.len() >= MOST && !counts.contains_key(&series);
    let series = if is_full {
        Series {
            metric: metric.name,
            labels: labels
                .iter()
                .zip(metric.labels)
                .map(|(&value, &label)| match label {
                    "result" => value.to_owned(),
                    _ => crate::names::OTHER.to_owned(),
                })
                .collect(),
        }
    } else {
        series
    };
    *counts.entry(series).or_default() += more;
}
