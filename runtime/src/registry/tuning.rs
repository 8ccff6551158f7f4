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
    overrides::replace(by_name, by_variable);
    breaker::record::retune_all();
    bulkhead::record::retune_all();
    for connector in Registry::global().connectors.all() {
        tune_connector(&*connector);
    }
    for cache in Registry::global().caches.all() {
        tune_cache(&*cache);
    }
}

/// It has just been listed.
pub(super) fn connector(connector: &dyn RegisteredConnector) {
    let _turn = turn();
    tune_connector(connector);
}

/// It has just been listed.
pub(super) fn cache(cache: &dyn RegisteredCache) {
    let _turn = turn();
    tune_cache(cache);
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
