//! What is tracked over one connector, and what the connections that listen do with what they hear.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use redis::{PushInfo, PushKind, RedisError, Value};
use redis_resilient_connection::__seam::listening::{Origin, WeakConnector};
use redis_resilient_connection::Connector;
use tokio::sync::Notify;

use super::prefixes;
use crate::near::Forgets;
use crate::near::validity::Validity;

/// What one near cache wants.
pub(crate) struct Tracked {
    pub(crate) prefix: Arc<str>,
    pub(crate) validity: Arc<Validity>,
    pub(crate) forgets: Weak<dyn Forgets>,
}

/// What all near caches of one connector share.
pub(crate) struct Tracking {
    pub(crate) connector: WeakConnector,
    state: Mutex<State>,
    /// Wakes the session.
    pub(crate) changed: Notify,
}

#[derive(Default)]
struct State {
    tracked: Vec<Tracked>,
    is_running: bool,
    /// Why there is no session.
    failure: Option<RedisError>,
}

impl fmt::Debug for Tracking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Tracking")
            .field("prefixes", &state.prefixes())
            .field("failure", &state.failure)
            .finish_non_exhaustive()
    }
}

static ALL: Mutex<Vec<Arc<Tracking>>> = Mutex::new(Vec::new());

impl Tracking {
    /// That of this connector.
    pub(crate) fn of(connector: &Connector) -> Arc<Self> {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|tracking| !tracking.connector.is_gone());
        if let Some(tracking) = all.iter().find(|known| known.connector.is(connector)) {
            return tracking.clone();
        }
        let tracking = Arc::new(Self {
            connector: WeakConnector::of(connector),
            state: Mutex::default(),
            changed: Notify::new(),
        });
        all.push(tracking.clone());
        tracking
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more. `true`: nobody listens yet, and whoever is told this has to see to it.
    #[must_use]
    pub(crate) fn add(&self, tracked: Tracked) -> bool {
        let mut state = self.state();
        state.tracked.push(tracked);
        self.changed.notify_one();
        !std::mem::replace(&mut state.is_running, true)
    }

    /// The prefixes of those that are there still; `None`: there are none, or nobody holds the connector, and it is over.
    pub(crate) fn wanted(&self) -> Option<BTreeSet<String>> {
        let mut state = self.state();
        let is_gone = self.connector.is_gone();
        state
            .tracked
            .retain(|tracked| !is_gone && tracked.forgets.strong_count() > 0);
        if state.tracked.is_empty() {
            state.is_running = false;
            return None;
        }
        Some(state.prefixes())
    }

    pub(crate) fn failure(&self) -> Option<RedisError> {
        self.state().failure.clone()
    }

    /// Servers that were asked for these prefixes have answered: what comes from there can be trusted until then.
    pub(crate) fn proved(&self, asked: &BTreeSet<String>, origin: &Origin, until_ms: u64) {
        let mut state = self.state();
        state.failure = None;
        let tracked = state.tracked.iter();
        for tracked in tracked.filter(|tracked| prefixes::have(asked, &tracked.prefix)) {
            tracked.validity.on(origin);
            tracked.validity.extend(until_ms);
        }
    }

    /// Nobody listens any more.
    pub(crate) fn lost(&self) {
        for tracked in &self.state().tracked {
            tracked.validity.off();
        }
    }

    /// The same, and why.
    pub(crate) fn failed(&self, error: RedisError) {
        self.state().failure = Some(error);
    }

    /// Something has come over a connection that listens. Called where it is read, before what comes behind it is.
    pub(crate) fn pushed(&self, push: &PushInfo) {
        if push.kind != PushKind::Invalidate {
            return;
        }
        match push.data.first() {
            Some(Value::Array(keys)) => {
                let all = self.state().all();
                // Others than text are not kept.
                for key in keys.iter().filter_map(text) {
                    for (_, forgets) in all.iter().filter(|(prefix, _)| key.starts_with(&**prefix))
                    {
                        forgets.forget(key);
                    }
                }
            }
            // Everything, or what cannot be read.
            _ => {
                for (_, forgets) in self.state().all() {
                    forgets.clear();
                }
            }
        }
    }
}

impl State {
    fn prefixes(&self) -> BTreeSet<String> {
        prefixes::fewest(self.tracked.iter().map(|tracked| &*tracked.prefix))
    }

    /// To be told without holding this: values are dropped by it, which are the application's.
    fn all(&self) -> Vec<(Arc<str>, Arc<dyn Forgets>)> {
        let tracked = self.tracked.iter();
        tracked
            .filter_map(|tracked| Some((tracked.prefix.clone(), tracked.forgets.upgrade()?)))
            .collect()
    }
}

fn text(key: &Value) -> Option<&str> {
    match key {
        Value::BulkString(key) => str::from_utf8(key).ok(),
        _ => None,
    }
}

/// What is kept is not trusted any more when the task is gone, and the next one that is added begins another.
pub(crate) struct Ends(pub(crate) Arc<Tracking>);

impl Drop for Ends {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state().is_running = false;
        }
        self.0.lost();
    }
}
