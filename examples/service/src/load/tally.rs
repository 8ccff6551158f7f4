//! How many calls were answered how.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::ledger::Ledger;
use crate::Failure;
use crate::client::Answer;

/// What customers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Users,
    Pages,
    Sessions,
    Orders,
}

impl Call {
    pub(crate) const ALL: [Self; 4] = [Self::Users, Self::Pages, Self::Sessions, Self::Orders];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Pages => "pages",
            Self::Sessions => "sessions",
            Self::Orders => "orders",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) served: u64,
    /// By a 4xx.
    pub(crate) refused: u64,
    /// By a 503: come back later.
    pub(crate) later: u64,
    /// By any other 5xx, or not at all.
    pub(crate) failed: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    counters: [[AtomicU64; 4]; 4],
    ledger: Mutex<Ledger>,
}

impl Tally {
    pub(super) fn count(&self, call: Call, answer: &Result<Answer, Failure>) {
        let how = match answer.as_ref().map(|answer| answer.status) {
            Ok(status) if status.is_success() => 0,
            Ok(status) if status.is_client_error() => 1,
            Ok(status) if status == 503 => 2,
            _ => 3,
        };
        self.counters[call as usize][how].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self, call: Call) -> Counts {
        let [served, refused, later, failed] =
            [0, 1, 2, 3].map(|how| self.counters[call as usize][how].load(Ordering::Relaxed));
        Counts {
            served,
            refused,
            later,
            failed,
        }
    }

    /// For the panel.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let shown = |call: Call| Shown {
            name: call.name(),
            counts: self.counts(call),
        };
        Call::ALL.map(shown).into()
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    name: &'static str,
    #[serde(flatten)]
    counts: Counts,
}
