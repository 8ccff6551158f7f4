//! How far a journal is.

use std::time::Duration;

use super::{Inner, Journal};
use crate::speed::{eta, per_second};

/// How far a journal is: see [`Journal::progress`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// How many writes wait.
    pub waiting: u64,
    /// How many bytes they take.
    pub waiting_bytes: u64,
    /// How many dead letters there are.
    pub dead: u64,
    /// How many writes were executed since Redis came back; none if the journal is empty, or Redis is not back.
    pub executed: u64,
    /// How many that is per second, where it is known.
    pub per_second: Option<f64>,
    /// In what time the rest is executed at that speed, where it is known.
    pub eta: Option<Duration>,
}

impl Journal {
    /// How much waits, and how fast it is executed.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.inner.progress()
    }
}

impl Inner {
    pub(super) fn progress(&self) -> Progress {
        let (executed, elapsed) = self.drain.shared.progress.so_far();
        let waiting = self.waiting.entries();
        let is_draining = waiting > 0 && !elapsed.is_zero();
        let executed = if is_draining { executed } else { 0 };
        Progress {
            waiting,
            waiting_bytes: self.waiting.bytes(),
            dead: self.keeper.dead() as u64,
            executed,
            per_second: per_second(executed, elapsed),
            eta: eta(waiting, executed, elapsed),
        }
    }
}
