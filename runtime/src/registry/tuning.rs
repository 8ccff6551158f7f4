//! Has what is listed go by what is said of it while the program runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{RegisteredCache, RegisteredConnector, Registry};
use crate::overrides::{self, Said};
use crate::{breaker, bulkhead};

/// Whoever says something, and whoever is listed just now, take turns: the last word is the newest.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on this holds, and nothing of what held before. `by_variable` comes before `by_name`.
pub fn replace(by_name: Said, by_variable: Said) {
    let _turn = turn();
    let before = Told::now();
    overrides::replace(by_name, by_variable);
    let now = Told::now();
    breaker::record::retune_all();
    bulkhead::record::retune_all();
    if before.connectors || now.connectors {
        for connector in Registry::global().connectors.all() {
            tune_connector(&*connector);
        }
    }
    if before.caches || now.caches {
        for cache in Registry::global().caches.all() {
            tune_cache(&*cache);
        }
    }
}

/// Whether anything is said of those that have to be told, and asked for their names. Else nobody disturbs them.
struct Told {
    connectors: bool,
    caches: bool,
}

impl Told {
    fn now() -> Self {
        Self {
            connectors: overrides::is_any_said(|said| !said.connectors.is_empty()),
            caches: overrides::is_any_said(|said| !said.caches.is_empty()),
        }
    }
}

/// It has just been listed.
pub(super) fn connector(connector: &dyn RegisteredConnector) {
    let _turn = turn();
    if Told::now().connectors {
        tune_connector(connector);
    }
}

/// It has just been listed.
pub(super) fn cache(cache: &dyn RegisteredCache) {
    let _turn = turn();
    if Told::now().caches {
        tune_cache(cache);
    }
}

fn tune_connector(connector: &dyn RegisteredConnector) {
    let description = connector.report().description;
    let names = names_of_connector(&description);
    let said = overrides::with_said_of(&names, |said| &said.connectors, Option::unwrap_or_default);
    connector.tune(&said);
}

/// By which names a connector goes: what it is described by, and its name in `CLIENT LIST`.
#[must_use]
pub fn names_of_connector(description: &str) -> Vec<&str> {
    let client = description.rsplit_once(" as ").map(|(_, client)| client);
    std::iter::once(description).chain(client).collect()
}

fn tune_cache(cache: &dyn RegisteredCache) {
    let name = cache.report().name;
    let said = overrides::said_of(&name, |said| &said.caches);
    cache.tune(&said.unwrap_or_default());
}
