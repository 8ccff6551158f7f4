//! Which probes the running code is a part of, so that a nested call is not refused by the circuit that its own caller probes.
//!
//! Entered only while a half-open circuit is probed: a healthy one pays nothing for it.

use std::cell::RefCell;

use super::Breaker;
use super::admission::Admission;

thread_local! {
    static PROBES: RefCell<Vec<Probe>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Probe {
    /// Only compared.
    address: usize,
    generation: u64,
}

impl Probe {
    fn of(breaker: &Breaker, generation: u64) -> Self {
        Self {
            address: std::ptr::from_ref(breaker).addr(),
            generation,
        }
    }
}

/// From here on, code on this thread is part of the probe with this admission, until [`leave`] is called on it.
#[cold]
#[inline(never)]
pub(crate) fn enter(breaker: &Breaker, admission: Admission) {
    let probe = Probe::of(breaker, admission.generation());
    PROBES.with_borrow_mut(|probes| probes.push(probe));
}

/// The end of what [`enter`] began last.
#[cold]
#[inline(never)]
pub(crate) fn leave() {
    PROBES.with_borrow_mut(Vec::pop);
}

/// Whether the running code is part of a probe of `breaker` in this generation.
pub(super) fn is_inside(breaker: &Breaker, generation: u64) -> bool {
    PROBES.with_borrow(|probes| probes.contains(&Probe::of(breaker, generation)))
}

#[cfg(test)]
pub(crate) fn is_inside_any() -> bool {
    PROBES.with_borrow(|probes| !probes.is_empty())
}
