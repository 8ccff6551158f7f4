//! Which attempts are timed.
//!
//! An attempt that has to wait and whose time is limited reads the clock for that: it is timed always, and counts for one. Of the others it is one
//! in 256, taken at random, and it counts for 256. So calls that wait and calls that do not are in the histogram in their true proportion.

use std::cell::Cell;
use std::time::Duration;

#[cfg(feature = "counts")]
use crate::clock;
use crate::clock::Instant;

/// On average so many calls for one that is timed.
const EVERY: u32 = 256;

/// When the attempt under way began, if it is timed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    #[cfg(feature = "counts")]
    since: Option<(Instant, u32)>,
}

thread_local! {
    /// Calls until the next one that is timed.
    static LEFT: Cell<u32> = const { Cell::new(EVERY / 2) };

    /// A generator of its own: what a seed of the others is to give does not depend on how many calls there were.
    static RANDOM: Cell<u64> = const { Cell::new(0x9e37_79b9_7f4a_7c15) };
}

/// Whether the call that begins now is timed.
#[expect(clippy::inline_always, reason = "a call costs more than what it does")]
#[inline(always)]
pub(crate) fn is_sampled() -> bool {
    let left = LEFT.get().wrapping_sub(1);
    LEFT.set(left);
    left == 0 && begins_anew()
}

#[cold]
#[inline(never)]
fn begins_anew() -> bool {
    // At random: else a loop over as many functions would time always the same one.
    let random = xorshift(RANDOM.get());
    RANDOM.set(random);
    let more = random % u64::from(2 * EVERY - 1);
    LEFT.set(1 + u32::try_from(more).unwrap_or(EVERY));
    true
}

/// Marsaglia's, which never gives 0 but of 0.
const fn xorshift(mut random: u64) -> u64 {
    random ^= random << 13;
    random ^= random >> 7;
    random ^ random << 17
}

#[cfg(feature = "counts")]
impl Timing {
    /// Of a call that is one of so many.
    pub(crate) fn sampled() -> Self {
        Self {
            since: Some((clock::now(), EVERY)),
        }
    }

    /// The attempt has to wait, and the clock has been read.
    pub(crate) fn waits(&mut self, now: Instant) {
        let since = self.since.map_or(now, |(since, _)| since);
        self.since = Some((since, 1));
    }

    /// Another attempt begins, after one that failed.
    pub(crate) fn again(&mut self) {
        self.since = Some((clock::now(), 1));
    }

    /// How long the attempt took, and for how many it counts.
    pub(crate) fn took(&self) -> Option<(Duration, u32)> {
        let (since, times) = self.since?;
        Some((clock::now().saturating_duration_since(since), times))
    }
}

#[cfg(not(feature = "counts"))]
#[expect(
    clippy::unused_self,
    clippy::needless_pass_by_ref_mut,
    clippy::trivially_copy_pass_by_ref,
    reason = "as with the feature"
)]
impl Timing {
    #[inline]
    pub(crate) fn sampled() -> Self {
        Self {}
    }

    #[inline]
    pub(crate) fn waits(&mut self, _now: Instant) {}

    #[inline]
    pub(crate) fn again(&mut self) {}

    #[inline]
    pub(crate) fn took(&self) -> Option<(Duration, u32)> {
        None
    }
}
