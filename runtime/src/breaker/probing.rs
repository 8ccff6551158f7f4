//! Which probes the running code is a part of, so that a nested call is not refused by the circuit that its own caller probes.
//!
//! Entered only while a half-open circuit is probed: a healthy one pays nothing for it.

use std::cell::RefCell;
use std::marker::PhantomData;

use super::Breaker;

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

/// While this lives, code on this thread is part of a probe.
#[derive(Debug)]
#[must_use = "it marks the code that runs while it lives"]
pub struct Probing {
    on_this_thread: PhantomData<*const ()>,
}

impl Probing {
    pub(super) fn enter(breaker: &Breaker, generation: u64) -> Self {
        PROBES.with_borrow_mut(|probes| probes.push(Probe::of(breaker, generation)));
        Self {
            on_this_thread: PhantomData,
        }
    }
}

impl Drop for Probing {
    fn drop(&mut self) {
        PROBES.with_borrow_mut(Vec::pop);
    }
}

/// Whether the running code is part of a probe of `breaker` in this generation.
pub(super) fn is_inside(breaker: &Breaker, generation: u64) -> bool {
    PROBES.with_borrow(|probes| probes.contains(&Probe::of(breaker, generation)))
}
