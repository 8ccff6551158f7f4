//! What health shows of all that is connected to Redis: as the registry says it, in a form that serialises.

use redis_resilient_runtime::registry::{
    CacheReport, ConnectorReport, ConsumerReport, ListedJournal, ServerRole,
};
use serde::Serialize;

use super::millis;
use super::report::Failure;

/// A connector.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ConnectorHealth {
    /// Where it leads to.
    pub name: String,
    /// What it is connected to.
    pub connections: Vec<ConnectionHealth>,
    /// The last time that connecting failed, or a connection was lost.
    pub last_failure: Option<Failure>,
}

/// One connection of a connector.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ConnectionHealth {
    /// The server's address.
    pub address: String,
    /// How long it has been connected.
    pub connected_for_ms: u64,
    /// `primary` or `replica`, where that was looked at.
    pub role: Option<&'static str>,
}

/// A cache.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CacheHealth {
    /// Its name.
    pub name: String,
    /// In which Redis it is.
    pub connector: String,
    /// Served from the memory of this process.
    pub near_hits: u64,
    /// Served from Redis.
    pub redis_hits: u64,
    /// Served though their time was over.
    pub stale_hits: u64,
    /// Loads of the primary store.
    pub loads: u64,
    /// Those of them that failed.
    pub failed_loads: u64,
    /// Loads under way.
    pub loading: u64,
    /// Values in the memory of this process, kept for a short time.
    pub near_entries: Option<u64>,
    /// Values in the memory of this process, kept for need.
    pub copies: Option<u64>,
    /// Invalidations that Redis has not taken yet.
    pub pending_invalidations: u64,
}

/// A journal.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct JournalHealth {
    /// Its name.
    pub name: String,
    /// To which Redis its writes go.
    pub connector: String,
    /// How many writes wait.
    pub waiting: u64,
    /// How many bytes they take.
    pub waiting_bytes: u64,
    /// How full it is, from 0 to 1.
    pub fill: f64,
    /// Whether there is no room for another one.
    pub full: bool,
    /// How long ago the oldest of those that wait was accepted.
    pub oldest_ms: Option<u64>,
    /// Whether what waits is being executed.
    pub draining: bool,
    /// How many were executed since Redis came back.
    pub executed: u64,
    /// How many that is per second.
    pub per_second: Option<f64>,
    /// In what time the rest is executed at that speed.
    pub eta_ms: Option<u64>,
    /// How many writes were refused for good.
    pub dead_letters: u64,
    /// The last time that a write was not sent, or could not be kept.
    pub last_failure: Option<Failure>,
}

/// A consumer of a stream.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ConsumerHealth {
    /// The stream.
    pub stream: String,
    /// The group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// In which Redis the stream is.
    pub connector: String,
    /// How long it has been running.
    pub running_for_ms: u64,
    /// Whether Redis answers what it asks.
    pub reading: bool,
    /// For how long it has not been able to read.
    pub failing_for_ms: Option<u64>,
    /// Whether another consumer of the group is at work in its place.
    pub standing_by: bool,
    /// How many entries it has in hand.
    pub in_work: u64,
    /// How many entries the group had not been given yet, where that is known.
    pub lag: Option<u64>,
    /// How many entries it has handled.
    pub handled: u64,
    /// How many attempts have failed.
    pub failed: u64,
    /// How many entries it has put among the dead letters.
    pub dead_letters: u64,
    /// The last time that it could not read.
    pub last_failure: Option<Failure>,
}

impl ConnectorHealth {
    pub(super) fn of(report: &ConnectorReport) -> Self {
        let connections = report
            .connections
            .iter()
            .map(|connection| ConnectionHealth {
                address: connection.address.clone(),
                connected_for_ms: millis(connection.connected_for),
                role: connection.role.map(|role| match role {
                    ServerRole::Primary => "primary",
                    ServerRole::Replica => "replica",
                    _ => "unknown",
                }),
            });
        Self {
            name: report.description.clone(),
            connections: connections.collect(),
            last_failure: report.last_failure.as_ref().map(Failure::of),
        }
    }
}

impl CacheHealth {
    pub(super) fn of(report: &CacheReport) -> Self {
        Self {
            name: report.name.clone(),
            connector: report.connector.clone(),
            near_hits: report.near_hits,
            redis_hits: report.redis_hits,
            stale_hits: report.stale_hits,
            loads: report.loads,
            failed_loads: report.failed_loads,
            loading: report.loading,
            near_entries: report.near_entries,
            copies: report.copies,
            pending_invalidations: report.pending_invalidations,
        }
    }
}

impl JournalHealth {
    pub(super) fn of(listed: &ListedJournal) -> Self {
        let report = &listed.report;
        Self {
            name: report.name.clone(),
            connector: report.connector.clone(),
            waiting: report.waiting,
            waiting_bytes: report.waiting_bytes,
            fill: report.fill(),
            full: report.is_full(),
            oldest_ms: report.oldest.map(millis),
            draining: report.draining,
            executed: report.executed,
            per_second: report.per_second,
            eta_ms: report.eta.map(millis),
            dead_letters: report.dead_letters,
            last_failure: report.last_failure.as_ref().map(Failure::of),
        }
    }
}

impl ConsumerHealth {
    pub(super) fn of(report: &ConsumerReport) -> Self {
        Self {
            stream: report.stream.clone(),
            group: report.group.clone(),
            name: report.name.clone(),
            connector: report.connector.clone(),
            running_for_ms: millis(report.running_for),
            reading: report.reading,
            failing_for_ms: report.failing_for.map(millis),
            standing_by: report.standing_by,
            in_work: report.in_work,
            lag: report.lag,
            handled: report.handled,
            failed: report.failed,
            dead_letters: report.dead_letters,
            last_failure: report.last_failure.as_ref().map(Failure::of),
        }
    }
}
