//! What health shows of all that is connected to Redis: as the registry says it, in a form that serialises.

use redis_resilient_runtime::registry::{
    CacheReport, ConnectorReport, ConsumerReport, DatabasesReport, ListedJournal, ServerRole,
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

/// Several databases of a connector, of which commands go to one.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DatabasesHealth {
    /// The connector's name.
    pub name: String,
    /// All of them.
    pub databases: Vec<DatabaseHealth>,
    /// How often commands went on in another one.
    pub switches: u64,
    /// The last time.
    pub last_switch: Option<SwitchHealth>,
    /// Whether an operator has chosen the present one.
    pub by_hand: bool,
}

/// One of several databases.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DatabaseHealth {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// The heaviest that is well is the present one.
    pub weight: u32,
    /// Whether commands go to it.
    pub present: bool,
    /// Whether it answers.
    pub healthy: bool,
    /// For how long it has been so.
    pub unchanged_for_ms: u64,
    /// What was wrong with it last.
    pub last_error: Option<String>,
}

/// A switch to another database.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SwitchHealth {
    /// The one before.
    pub from: String,
    /// The one after.
    pub to: String,
    /// `unhealthy`, `failback` or `by_hand`.
    pub reason: &'static str,
    /// How long ago.
    pub ago_ms: u64,
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

impl DatabasesHealth {
    pub(super) fn of(report: &DatabasesReport) -> Self {
        let databases = report.databases.iter().map(|database| DatabaseHealth {
            name: database.name.clone(),
            place: database.place.clone(),
            weight: database.weight,
            present: database.present,
            healthy: database.healthy,
            unchanged_for_ms: millis(database.unchanged_for),
            last_error: database.last_error.clone(),
        });
        Self {
            name: report.connector.clone(),
            databases: databases.collect(),
            switches: report.switches,
            last_switch: report.last_switch.as_ref().map(|last| SwitchHealth {
                from: last.from.clone(),
                to: last.to.clone(),
                reason: last.reason.label(),
                ago_ms: millis(last.ago),
            }),
            by_hand: report.by_hand,
        }
    }
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
