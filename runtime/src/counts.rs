//! How calls end, and how long their attempts take, for metrics and consoles: with the feature `counts`. Without it all of this is empty, and
//! nothing is left of it in a call.
//!
//! Threads share nothing that they write: each has a [slab](slab) of its own, with a cell for each function, and who asks adds them up. So a
//! call costs a load, an addition and a store, and two threads do not wait for each other.
//!
//! A clock is read only where the call has to wait anyway, and else for one call in 256 (`timing.rs` says how both come to one histogram).

mod durations;
mod slab;
mod striped;
mod timing;

pub use self::durations::{AttemptDurations, Durations};
pub(crate) use self::slab::{Id, Slot, add, record, remember, remembered};
pub use self::striped::{STRIPES, Striped};
pub(crate) use self::timing::{Timing, is_sampled};

/// Whether anything is counted.
pub(crate) const ON: bool = cfg!(feature = "counts");

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallResult {
    Redis,
    Retried,
    Fallback,
    SecondFallback,
    LaterFallback,
    Stale,
    Queued,
    Failed,
    Rejected,
}

pub(crate) const RESULTS: usize = 9;

impl CallResult {
    /// That of the fallback of this number, from 0.
    pub(crate) const fn fallback(number: usize) -> Self {
        match number {
            0 => Self::Fallback,
            1 => Self::SecondFallback,
            _ => Self::LaterFallback,
        }
    }
}

/// How the calls of a function have ended so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallCounts {
    /// The first attempt gave the value.
    pub redis: u64,
    /// A later attempt gave the value.
    pub retried: u64,
    /// The first, the second, and any later fallback of the list gave it.
    pub fallbacks: [u64; 3],
    /// The last good value stood in (`stale = …`).
    pub stale: u64,
    /// A fallback put the write into a journal, and said so by its type: `Result<Written<_>, _>` of a function with the attribute.
    pub queued: u64,
    /// The caller got an error: that of the body or of the fallback; or there was no time or room left.
    pub failed: u64,
    /// The circuit was open and nothing else answered: the caller got that as an error.
    pub rejected: u64,
}

impl CallCounts {
    /// All calls that have ended. One that is dropped under way has not.
    #[must_use]
    pub const fn total(&self) -> u64 {
        let [first, second, later] = self.fallbacks;
        self.redis
            + self.retried
            + first
            + second
            + later
            + self.stale
            + self.queued
            + self.failed
            + self.rejected
    }

    const fn of(sums: [u64; RESULTS]) -> Self {
        let [
            redis,
            retried,
            first,
            second,
            later,
            stale,
            queued,
            failed,
            rejected,
        ] = sums;
        Self {
            redis,
            retried,
            fallbacks: [first, second, later],
            stale,
            queued,
            failed,
            rejected,
        }
    }
}

/// What was counted in this place; `None` without the feature.
pub(crate) fn counted(slot: &Slot) -> Option<(CallCounts, AttemptDurations)> {
    if !ON {
        return None;
    }
    let mut durations = AttemptDurations::default();
    let Some(id) = slot.get() else {
        return Some((CallCounts::default(), durations));
    };
    let sums = slab::sum(id, &mut durations);
    Some((CallCounts::of(sums), durations))
}

#[cfg(all(test, feature = "counts"))]
mod tests;
