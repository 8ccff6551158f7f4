//! What observers and the application are told of databases, in the order in which it happens.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis_resilient_runtime::__seam::{emit, wants};
use redis_resilient_runtime::event::{
    DatabaseHealthy, DatabaseSwitched, DatabaseUnhealthy, Event, Severity, SwitchReason,
};

use super::Switching;

/// One switch.
#[derive(Clone, Debug)]
pub(super) struct Switched {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) reason: SwitchReason,
    pub(super) stayed_ms: u64,
    pub(super) error: Option<String>,
}

/// Those switches that are to be told. One thread at a time tells them: two may happen at once, and whoever is told may cause another.
#[derive(Debug, Default)]
pub(super) struct Telling(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    switches: VecDeque<Switched>,
    is_told: bool,
}

impl Telling {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more. Whether whoever asks has to tell it.
    fn adds(&self, switched: Switched) -> bool {
        let mut queue = self.queue();
        queue.switches.push_back(switched);
        !std::mem::replace(&mut queue.is_told, true)
    }

    fn next(&self) -> Option<Switched> {
        let mut queue = self.queue();
        let next = queue.switches.pop_front();
        queue.is_told = next.is_some();
        next
    }
}

impl Switching {
    pub(super) fn tell_switch(&self, switched: Switched) {
        if !self.telling.adds(switched) {
            return;
        }
        while let Some(switched) = self.telling.next() {
            let event = DatabaseSwitched::new(
                switched.reason,
                Duration::from_millis(switched.stayed_ms),
                &self.name,
                &self.places[switched.from].name,
                &self.places[switched.to].name,
                switched.error.as_deref(),
            );
            if wants(Severity::Warn) {
                emit(&Event::DatabaseSwitched(event));
            }
            if let Some(on_switch) = &self.on_switch {
                // It is the application's, and what it thinks of a switch does not undo it.
                let _ = catch_unwind(AssertUnwindSafe(|| on_switch(&event)));
            }
        }
    }

    /// It has become well after so long, or something is wrong with it.
    pub(super) fn tell_health(&self, database: usize, error: Option<String>, lasted_ms: u64) {
        let present = self.stamp().database() == database;
        let name = &self.places[database].name;
        match error {
            Some(error) if wants(Severity::Warn) => {
                let event = DatabaseUnhealthy::new(present, &self.name, name, &error);
                emit(&Event::DatabaseUnhealthy(event));
            }
            None if wants(Severity::Info) => {
                let lasted = Duration::from_millis(lasted_ms);
                let event = DatabaseHealthy::new(present, lasted, &self.name, name);
                emit(&Event::DatabaseHealthy(event));
            }
            Some(_) | None => {}
        }
    }
}
