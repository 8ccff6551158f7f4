//! How a connector is doing, for those who read the registry: what is connected since when, and what failed last.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{ConnectionAddr, RedisError};
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::__seam::error_text;
use redis_resilient_runtime::Class;
use redis_resilient_runtime::registry::{
    ConnectionFailure, ConnectionReport, ConnectorReport, RegisteredConnector, Registry, ServerRole,
};

use super::Side;

/// One for a connector; the servers of a cluster share that of theirs.
pub(super) struct Standing {
    connector: Arc<str>,
    is_listed: AtomicBool,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    /// Since when, by address and side.
    connected: BTreeMap<(String, Side), u64>,
    primary: Option<String>,
    failure: Option<Failure>,
}

struct Failure {
    class: Class,
    error: String,
    at_ms: u64,
}

impl Standing {
    pub(super) fn of(connector: Arc<str>) -> Arc<Self> {
        Arc::new(Self {
            connector,
            is_listed: AtomicBool::new(false),
            now: Mutex::default(),
        })
    }

    pub(super) fn connected(self: &Arc<Self>, side: Side, address: &ConnectionAddr) {
        let mut now = self.list().now();
        now.connected.insert((address.to_string(), side), now_ms());
    }

    pub(super) fn failed(self: &Arc<Self>, error: &RedisError) {
        let failure = Failure {
            class: Class::of(error),
            error: error_text(error),
            at_ms: now_ms(),
        };
        self.list().now().failure = Some(failure);
    }

    /// The connections of this side to this server are gone.
    pub(super) fn lost(&self, side: Side, address: &ConnectionAddr) {
        self.now().connected.remove(&(address.to_string(), side));
    }

    /// All that led to another server as the primary are of no use any more.
    pub(super) fn primary_is(&self, address: &ConnectionAddr, before: Option<&ConnectionAddr>) {
        let mut now = self.now();
        now.primary = Some(address.to_string());
        if let Some(before) = before.map(ToString::to_string) {
            now.connected.retain(|(address, _), _| *address != before);
        }
    }

    /// From when it has something to tell.
    fn list(self: &Arc<Self>) -> &Self {
        if !self.is_listed.swap(true, Ordering::Relaxed) {
            Registry::global().register_connector(self);
        }
        self
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RegisteredConnector for Standing {
    fn report(&self) -> ConnectorReport {
        let (now, at_ms) = (self.now(), now_ms());
        let ago = |then: u64| Duration::from_millis(at_ms.saturating_sub(then));
        let mut oldest: BTreeMap<&str, u64> = BTreeMap::new();
        for ((address, _), since) in &now.connected {
            let first = oldest.entry(address).or_insert(*since);
            *first = (*first).min(*since);
        }
        let mut report = ConnectorReport::new(&*self.connector);
        for (address, since) in oldest {
            let mut connection = ConnectionReport::new(address, ago(since));
            if now.primary.as_deref() == Some(address) {
                connection = connection.role(ServerRole::Primary);
            }
            report = report.connection(connection);
        }
        if let Some(Failure {
            class,
            error,
            at_ms,
        }) = &now.failure
        {
            report = report.last_failure(ConnectionFailure::new(*class, &**error, ago(*at_ms)));
        }
        report
    }
}
