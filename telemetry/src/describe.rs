//! All metrics: what they are called, what they mean, and which labels they have. Pure.

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instrument {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Durations, in buckets.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name in OpenTelemetry.
    pub name: &'static str,
    /// What kind of number it is.
    pub instrument: Instrument,
    /// Its unit, by UCUM: `s`, `By`, `1`, `{call}`.
    pub unit: &'static str,
    /// What it says.
    pub help: &'static str,
    /// The labels that all its series have.
    pub labels: &'static [&'static str],
}

impl Metric {
    /// Its name in Prometheus, with unit and `_total`. It is what the facade is told, and what exporters for Prometheus make of
    /// [`name`](Self::name).
    ///
    /// ```
    /// use redis_resilient::telemetry::metrics;
    ///
    /// let names: Vec<_> = metrics().iter().map(|metric| metric.prometheus_name()).collect();
    /// assert!(names.contains(&"resilient_calls_total".to_owned()));
    /// assert!(names.contains(&"resilient_attempt_duration_seconds".to_owned()));
    /// ```
    #[must_use]
    pub fn prometheus_name(&self) -> String {
        let name = self.name.replace('.', "_");
        let unit = match self.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            "1" => "_ratio",
            _ => "",
        };
        let total = match self.instrument {
            Instrument::Counter => "_total",
            Instrument::Gauge | Instrument::Histogram => "",
        };
        format!("{name}{unit}{total}")
    }
}

/// The upper bounds of buckets that suit `resilient.attempt.duration`, in seconds: an exporter for Prometheus is to be given them, instruments of OpenTelemetry
/// have them.
pub const DURATION_BUCKETS: [f64; 16] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
    10.0,
];

/// All there are.
#[must_use]
pub const fn metrics() -> &'static [Metric] {
    &ALL
}

macro_rules! declare {
    ($($place:ident: $instrument:ident $name:literal $unit:literal [$($label:literal),*] $help:literal)*) => {
        $(
            pub(crate) const $place: &Metric = &Metric {
                name: $name,
                instrument: Instrument::$instrument,
                unit: $unit,
                help: $help,
                labels: &[$($label),*],
            };
        )*
        const ALL: [Metric; [$($name),*].len()] = [$(*$place),*];
    };
}

declare! {
    CALLS: Counter "resilient.calls" "{call}" ["function", "result"]
        "Calls that have ended, by what the caller got: redis, retried, fallback, fallback_2, fallback_3 (or later), stale, queued (in a journal, by a fallback whose type says so), error, rejected (by an open circuit, and nothing else answered). Of caches and functions with `redis_cached` it is reads: near, redis, loaded, stale, error."
    RETRIES: Counter "resilient.retries" "{retry}" ["function"]
        "Retries that were planned."
    ATTEMPTS_FAILED: Counter "resilient.attempts.failed" "{attempt}" ["function"]
        "Attempts that failed, whatever followed."
    ATTEMPT_DURATION: Histogram "resilient.attempt.duration" "s" ["function", "outcome"]
        "How long attempts took, by outcome: answered, failed. A sample in proportion."
    HEDGES: Counter "resilient.hedges" "{attempt}" ["function"]
        "Second attempts that were started beside a first one that took long."
    HEDGES_WON: Counter "resilient.hedges.won" "{attempt}" ["function"]
        "Second attempts that answered first."
    TURNED_AWAY: Counter "resilient.calls.turned_away" "{call}" ["function"]
        "Calls for which there was no room, for an attempt or in the fallback."

    BREAKER_STATE: Gauge "resilient.breaker.state" "{breaker}" ["breaker", "state"]
        "1 for the state that the breaker is in, 0 for the others: closed, open, half_open, forced_open, forced_closed, disabled."
    BREAKER_TRANSITIONS: Counter "resilient.breaker.transitions" "{transition}" ["breaker", "to"]
        "Changes of a breaker's state, by the state it came to."
    BREAKER_REJECTED: Counter "resilient.breaker.rejected" "{call}" ["breaker"]
        "Calls that a breaker refused, also if a fallback answered them."
    BUDGET_TOKENS: Gauge "resilient.retry.budget.tokens" "{retry}" ["breaker"]
        "Retries that the breaker's budget would pay for now. Only of breakers that are registered."

    BULKHEAD_IN_USE: Gauge "resilient.bulkhead.in_use" "{call}" ["bulkhead"]
        "Calls that are inside a bulkhead now. Only of bulkheads that are registered."
    BULKHEAD_WAITING: Gauge "resilient.bulkhead.waiting" "{call}" ["bulkhead"]
        "Calls that wait for room in a bulkhead now. Only of bulkheads that are registered."
    BULKHEAD_LIMIT: Gauge "resilient.bulkhead.limit" "{call}" ["bulkhead"]
        "Calls that may be inside at once."
    BULKHEAD_REJECTED: Counter "resilient.bulkhead.rejected" "{call}" ["bulkhead"]
        "Calls for which there was no room in a bulkhead."

    CONNECTIONS: Gauge "resilient.connections" "{connection}" ["connector"]
        "Connections that a connector has."
    CONNECTS: Counter "resilient.connects" "{connect}" ["connector", "result"]
        "Connections that were made (ok) or could not be made (error)."
    CONNECTIONS_LOST: Counter "resilient.connections.lost" "{connection}" ["connector"]
        "Connections that were there and are gone, or were found to be of no use."
    FAILOVERS: Counter "resilient.failovers" "{failover}" ["connector"]
        "Times that another server was found to be the primary."
    DATABASE_PRESENT: Gauge "resilient.database.present" "{database}" ["connector", "database"]
        "1 for the one of several databases that commands go to, 0 for the others."
    DATABASE_HEALTHY: Gauge "resilient.database.healthy" "{database}" ["connector", "database"]
        "1 for each of several databases that answers its probes, 0 for the others."
    DATABASE_SWITCHES: Counter "resilient.database.switches" "{switch}" ["connector"]
        "Times that commands went on in another one of several databases. What the one before acknowledged last may not be there."
    CREDENTIALS_FAILED: Counter "resilient.credentials.failed" "{renewal}" ["connector"]
        "Times that new credentials could not be had, or were refused."

    CACHE_READS: Counter "resilient.cache.reads" "{read}" ["cache", "level"]
        "Reads, by what answered: near (the memory of this process), redis, loaded (the primary store), stale (a value whose time was over), error."
    CACHE_LOADS: Counter "resilient.cache.loads" "{load}" ["cache", "result"]
        "Loads of the primary store, by result: ok, error. One may answer many reads."
    CACHE_LOADING: Gauge "resilient.cache.loading" "{load}" ["cache"]
        "Loads that are under way."
    CACHE_NEAR_ENTRIES: Gauge "resilient.cache.near.entries" "{value}" ["cache"]
        "Values in the memory of this process, kept for a short time. 0 where none are kept."
    CACHE_COPIES: Gauge "resilient.cache.copies" "{value}" ["cache"]
        "Values in the memory of this process, kept for need. 0 where none are kept."
    CACHE_PENDING: Gauge "resilient.cache.invalidations.pending" "{invalidation}" ["cache"]
        "Invalidations that Redis has not taken yet: other processes may serve what they are about."
    CACHE_STALE: Counter "resilient.cache.stale" "{value}" ["cache"]
        "Values that were served though their time was over, or the last good ones of a function."
    CACHE_UNREADABLE: Counter "resilient.cache.unreadable" "{entry}" ["cache"]
        "Entries in Redis that could not be read as a value."

    JOURNAL_DEPTH: Gauge "resilient.journal.depth" "{write}" ["journal"]
        "Writes that wait."
    JOURNAL_BYTES: Gauge "resilient.journal.size" "By" ["journal"]
        "What the writes that wait take."
    JOURNAL_FILL: Gauge "resilient.journal.fill" "1" ["journal"]
        "How full it is, from 0 to 1: by writes or by bytes, whichever is more."
    JOURNAL_AGE: Gauge "resilient.journal.oldest.age" "s" ["journal"]
        "How long the oldest of the writes that wait has done so. 0: nothing waits."
    JOURNAL_DEAD_NOW: Gauge "resilient.journal.dead_letters.waiting" "{write}" ["journal"]
        "Dead letters that are there now, to be replayed or discarded."
    JOURNAL_QUEUED: Counter "resilient.journal.queued" "{write}" ["journal"]
        "Writes that a journal has taken."
    JOURNAL_REFUSED: Counter "resilient.journal.refused" "{write}" ["journal"]
        "Writes that a journal had no room for: their callers got an error."
    JOURNAL_DEAD: Counter "resilient.journal.dead_letters" "{write}" ["journal"]
        "Writes of a journal that Redis has refused for good."
    JOURNAL_DROPPED: Counter "resilient.journal.dropped" "{write}" ["journal"]
        "Writes that a full journal dropped."
    JOURNAL_FAILED: Counter "resilient.journal.failed" "{failure}" ["journal"]
        "Times that what a journal is kept in failed: its writes are refused meanwhile."

    CONSUMER_LAG: Gauge "resilient.consumer.lag" "{entry}" ["stream", "group"]
        "Entries of the stream that the group has not been given yet. Not a number where it is not known."
    CONSUMER_IN_WORK: Gauge "resilient.consumer.in_work" "{entry}" ["stream", "group"]
        "Entries that the consumers of this process have in hand, not yet acknowledged."
    CONSUMERS: Gauge "resilient.consumer.running" "{consumer}" ["stream", "group", "state"]
        "Consumers of this process: reading, standing_by (another one of the group is at work in its place), failing (Redis does not answer)."
    ENTRIES_HANDLED: Counter "resilient.consumer.entries.handled" "{entry}" ["stream", "group"]
        "Entries that were handled."
    ENTRIES_TAKEN_OVER: Counter "resilient.consumer.taken_over" "{entry}" ["stream", "group"]
        "Entries that were taken over from consumers that gave no sign of life."
    CONSUMER_FAILED: Counter "resilient.consumer.failed" "{read}" ["stream", "group"]
        "Times that a consumer could not read, told once a second."
    ENTRIES_FAILED: Counter "resilient.consumer.entries.failed" "{entry}" ["stream", "group"]
        "Times that a consumer's handler failed."
    ENTRIES_DEAD: Counter "resilient.consumer.dead_letters" "{entry}" ["stream", "group"]
        "Entries that a consumer has put among the dead letters."
    ENTRIES_LOST: Counter "resilient.consumer.trimmed" "{entry}" ["stream", "group"]
        "Entries that were trimmed or deleted before a consumer could handle them."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_there_once() {
        let mut names: Vec<_> = metrics().iter().map(Metric::prometheus_name).collect();
        for name in &names {
            let is_safe = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.chars().all(is_safe), "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), metrics().len());
    }

    #[test]
    fn each_has_a_help_that_is_a_sentence() {
        for metric in metrics() {
            assert!(metric.help.ends_with('.'), "{}", metric.name);
            assert!(!metric.labels.is_empty(), "{}", metric.name);
        }
    }
}
