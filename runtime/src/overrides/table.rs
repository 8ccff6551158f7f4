//! What is said, by name, and by names as variables of the environment have them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::breaker::BreakerOverride;
use super::bulkhead::BulkheadOverride;
use super::function::Override;
use super::overlay::Overlay;
use super::tunable::{CacheSettings, ConnectorSettings};

/// All that is said of the things of a process, by their names.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Said {
    pub functions: BTreeMap<String, Override>,
    pub breakers: BTreeMap<String, BreakerOverride>,
    pub bulkheads: BTreeMap<String, BulkheadOverride>,
    pub connectors: BTreeMap<String, ConnectorSettings>,
    pub caches: BTreeMap<String, CacheSettings>,
}

impl Said {
    const NOTHING: Self = Self {
        functions: BTreeMap::new(),
        breakers: BTreeMap::new(),
        bulkheads: BTreeMap::new(),
        connectors: BTreeMap::new(),
        caches: BTreeMap::new(),
    };
}

/// It is replaced as a whole: a call sees the one or the other.
#[derive(Debug)]
struct Table {
    by_name: Said,
    by_variable: Said,
}

static TABLE: RwLock<Table> = RwLock::new(Table {
    by_name: Said::NOTHING,
    by_variable: Said::NOTHING,
});

/// Whether something is said. Nothing is published through them: whoever sees one set looks into the table, under its lock.
static FUNCTIONS: AtomicBool = AtomicBool::new(false);
static BREAKERS: AtomicBool = AtomicBool::new(false);
static BULKHEADS: AtomicBool = AtomicBool::new(false);

/// From now on this is in the table, and nothing of what was there before. `by_variable` comes before `by_name`.
pub(crate) fn replace(by_name: Said, by_variable: Said) {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let said = |is_empty: fn(&Said) -> bool| !is_empty(&by_name) || !is_empty(&by_variable);
    FUNCTIONS.store(said(|said| said.functions.is_empty()), Ordering::Relaxed);
    BREAKERS.store(said(|said| said.breakers.is_empty()), Ordering::Relaxed);
    BULKHEADS.store(said(|said| said.bulkheads.is_empty()), Ordering::Relaxed);
    *table = Table {
        by_name,
        by_variable,
    };
}

/// A name as variables of the environment have it: `APP_USERS_LOAD` for `app::users::load`.
#[must_use]
pub fn as_variable(name: &str) -> String {
    let parts = name
        .split(|other: char| !other.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_").to_ascii_uppercase()
}

/// Whether something is said of functions.
#[inline]
pub(crate) fn is_in_use() -> bool {
    FUNCTIONS.load(Ordering::Relaxed)
}

/// Whether something is said of breakers.
#[inline]
pub(crate) fn is_said_of_breakers() -> bool {
    BREAKERS.load(Ordering::Relaxed)
}

/// Whether something is said of bulkheads.
#[inline]
pub(crate) fn is_said_of_bulkheads() -> bool {
    BULKHEADS.load(Ordering::Relaxed)
}

/// Whether that is so of what is said in one of the two ways.
pub(crate) fn is_any_said(is: impl Fn(&Said) -> bool) -> bool {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    is(&table.by_name) || is(&table.by_variable)
}

/// What is said of the thing of this name; `None`: nothing.
pub(crate) fn said_of<T: Overlay>(
    name: &str,
    of: impl Fn(&Said) -> &BTreeMap<String, T>,
) -> Option<T> {
    with_said_of(&[name], of, |said| said)
}

/// As [`said_of`], of the first of these names of which something is said, with the table held meanwhile: what is done with it is done before the
/// next one is in force.
pub(crate) fn with_said_of<T: Overlay, R>(
    names: &[&str],
    of: impl Fn(&Said) -> &BTreeMap<String, T>,
    work: impl FnOnce(Option<T>) -> R,
) -> R {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let by_variable = of(&table.by_variable);
    let said = |name: &&str| {
        let by_name = of(&table.by_name).get(*name);
        let by_variable = if by_variable.is_empty() {
            None
        } else {
            by_variable.get(&as_variable(name))
        };
        match (by_name, by_variable) {
            (Some(said), None) | (None, Some(said)) => Some(said.clone()),
            (Some(said), Some(over)) => {
                let mut said = said.clone();
                said.overlay(over);
                Some(said)
            }
            (None, None) => None,
        }
    };
    work(names.iter().find_map(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_a_variable() {
        assert_eq!(as_variable("app::users::load"), "APP_USERS_LOAD");
        assert_eq!(as_variable("<App as Users>::load"), "APP_AS_USERS_LOAD");
        assert_eq!(as_variable("settings fails"), "SETTINGS_FAILS");
    }
}
