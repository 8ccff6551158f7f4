//! How often a connector with several databases has left one of them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Settings;

/// Another number each time that the database is left. What has a state in it, or waits in it, is of no use any more then.
#[derive(Debug, Default)]
pub(crate) struct Departures(AtomicU64);

impl Departures {
    pub(crate) fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl Settings {
    /// How often its database was left so far.
    pub(crate) fn departures(&self) -> u64 {
        let departures = self.departures.as_ref();
        departures.map_or(0, |departures| departures.0.load(Ordering::Acquire))
    }

    /// Its database is left for another one.
    pub(crate) fn departs(&self) {
        if let Some(departures) = &self.departures {
            departures.one_more();
        }
    }
}
