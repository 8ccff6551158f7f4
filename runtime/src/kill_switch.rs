//! One switch for all annotated functions of the process.
//!
//! Engaged, every function runs once and as it is written: no retries, no timeouts, no breaker, nothing counted. Only fallbacks go on
//! answering. For the night when the protection itself is under suspicion.
//!
//! Whether it is engaged counts when an attempt ends. An attempt that ends meanwhile counts for nothing, be it one for which a
//! [`Permit`](crate::Permit) was asked by hand. A probe gives its permit back: the circuit stays half-open, and the next call after the
//! release probes.
//!
//! ```standalone_crate
//! use redis_resilient::kill_switch;
//!
//! kill_switch::engage();
//! assert!(kill_switch::is_engaged());
//! kill_switch::release();
//! ```

use std::sync::atomic::{AtomicBool, Ordering};

static ENGAGED: AtomicBool = AtomicBool::new(false);

/// Takes all protection but the fallbacks out of service.
pub fn engage() {
    ENGAGED.store(true, Ordering::Relaxed);
}

/// Puts it back into service. Breakers go on from the state they were in.
pub fn release() {
    ENGAGED.store(false, Ordering::Relaxed);
}

/// Whether the protection is out of service.
#[must_use]
pub fn is_engaged() -> bool {
    // Looked at only where something has gone wrong or takes its time: a call that is answered at once does not read it.
    ENGAGED.load(Ordering::Relaxed)
}
