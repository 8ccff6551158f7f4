//! What has happened at the breakers of one name: sums that only grow, and stay when a breaker is replaced by another one of that name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::State;
use crate::counts::{STRIPES, Striped};

// Sums.
const ORDER: Ordering = Ordering::Relaxed;

/// Of all breakers that were given the name.
#[derive(Debug)]
pub(crate) struct Sums {
    entered: [AtomicU64; 6],
    /// Where nothing is counted, nothing.
    refused: Striped<STRIPES>,
}

/// There are no more of them than of names, which stay in memory too.
static BY_NAME: Mutex<BTreeMap<&'static str, &'static Sums>> = Mutex::new(BTreeMap::new());

impl Sums {
    /// All states, in the order of the sums.
    pub(super) const STATES: [State; 6] = [
        State::Closed,
        State::Open,
        State::HalfOpen,
        State::ForcedOpen,
        State::ForcedClosed,
        State::Disabled,
    ];

    pub(super) fn of(name: &'static str) -> &'static Self {
        let mut there = BY_NAME.lock().unwrap_or_else(PoisonError::into_inner);
        there.entry(name).or_insert_with(|| {
            Box::leak(Box::new(Self {
                entered: [const { AtomicU64::new(0) }; 6],
                refused: Striped::new(),
            }))
        })
    }

    pub(super) fn entered(&self, state: State) {
        let at = Self::STATES.iter().position(|one| *one == state);
        if let Some(sum) = at.and_then(|at| self.entered.get(at)) {
            sum.fetch_add(1, ORDER);
        }
    }

    #[inline]
    pub(super) fn refused(&self) {
        self.refused.add();
    }

    pub(super) fn times_entered(&self) -> [u64; Self::STATES.len()] {
        self.entered.each_ref().map(|sum| sum.load(ORDER))
    }

    pub(super) fn times_refused(&self) -> Option<u64> {
        self.refused.sum()
    }
}
