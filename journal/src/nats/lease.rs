//! Whether this process is the one that executes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Lease {
    time: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_wanted: bool,
    /// When the last claim was made that was kept.
    claimed: Option<Instant>,
}

impl Lease {
    pub(super) fn new(time: Duration) -> Self {
        Self {
            time,
            state: Mutex::default(),
        }
    }

    /// How often it is renewed.
    pub(super) fn interval(&self) -> Duration {
        self.time / 6
    }

    /// Whether this process may execute at this moment.
    pub(super) fn is_held(&self) -> bool {
        let claimed = self.lock().claimed;
        claimed.is_some_and(|at| at.elapsed() < self.time / 2)
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.lock().is_wanted
    }

    pub(super) const fn time(&self) -> Duration {
        self.time
    }

    pub(super) fn want(&self) {
        self.lock().is_wanted = true;
    }

    /// It was got by a claim that was made at that time.
    pub(super) fn got(&self, at: Instant) {
        let mut state = self.lock();
        // It may have been given up meanwhile.
        if state.is_wanted {
            state.claimed = Some(at);
        }
    }

    /// Another process has it.
    pub(super) fn lost(&self) {
        self.lock().claimed = None;
    }

    /// It is not wanted any more; whether it was held.
    pub(super) fn rest(&self) -> bool {
        let mut state = self.lock();
        state.is_wanted = false;
        state.claimed.take().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
