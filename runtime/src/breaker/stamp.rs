//! A time of which the state word has room for the low bits only. Pure.
//!
//! Low bits alone do not tell a time from one that is a whole ring earlier: 17 minutes, or 70. So whoever writes such a time into the word
//! notes the whole of it beside the word, and a word that is read much later is first brought [up to date](super::packed_state::PackedState::at): a
//! time that is half a ring ago or more is replaced by what it means, a window or a lease that is over.
//!
//! State word and note are written one after the other. A note that belongs to another word has, but for one time in a million, other low
//! bits; then the word is as young as its low bits say, for its own note is still being made.

/// Threads read the clock a little apart: a time that is ahead by less than this is the present.
pub(super) const SKEW_MS: u64 = 1_000;

/// The low bits of a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    low: u64,
    /// All of the low bits.
    ring: u64,
    /// How far it may lie in the future when it is written.
    ahead_ms: u64,
}

impl Stamp {
    /// The time at which it is written, or one before.
    pub(super) const fn past(low: u64, ring: u64) -> Self {
        Self {
            low,
            ring,
            ahead_ms: SKEW_MS,
        }
    }

    /// A time up to so much ahead.
    pub(super) const fn ahead(low: u64, ring: u64, ahead_ms: u64) -> Self {
        Self {
            low,
            ring,
            ahead_ms: ahead_ms + SKEW_MS,
        }
    }

    /// The whole of it, just after it was written: what there is to note.
    pub(super) const fn whole_ms(self, now_ms: u64) -> u64 {
        let ahead_ms = self.low.wrapping_sub(now_ms) & self.ring;
        if ahead_ms <= self.ahead_ms {
            now_ms.saturating_add(ahead_ms)
        } else {
            now_ms.saturating_sub(now_ms.wrapping_sub(self.low) & self.ring)
        }
    }

    /// Whether it is so long ago that its low bits may soon say something else. `noted_ms` is what was noted last; 0 is nothing.
    pub(super) const fn is_outdated(self, now_ms: u64, noted_ms: u64) -> bool {
        noted_ms != 0
            && noted_ms & self.ring == self.low
            && now_ms.saturating_sub(noted_ms) >= self.long_ago_ms()
    }

    /// Longer than any window, burst of failures or lease.
    const fn long_ago_ms(self) -> u64 {
        self.ring / 2
    }

    /// The low bits of a time that is as long ago as they can tell.
    pub(super) const fn long_ago(self, now_ms: u64) -> u64 {
        now_ms.wrapping_sub(self.long_ago_ms()) & self.ring
    }
}

/// How long ago a time is of which these are the low bits, by them alone; 0 where it is slightly ahead.
pub(super) const fn age_ms(low: u64, ring: u64, now_ms: u64) -> u64 {
    let age_ms = now_ms.wrapping_sub(low) & ring;
    if age_ms > ring - SKEW_MS { 0 } else { age_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RING: u64 = (1 << 20) - 1;
    const NOW: u64 = 86_400_000;

    #[test]
    fn the_whole_time_is_the_nearest_one_with_these_low_bits() {
        for (time_ms, ahead_ms) in [
            (NOW, 0),
            (NOW - 1, 0),
            (NOW - RING / 2, 0),
            (NOW + SKEW_MS, 0),
            (NOW + 400_000, 400_000),
        ] {
            let stamp = Stamp::ahead(time_ms & RING, RING, ahead_ms);
            assert_eq!(stamp.whole_ms(NOW), time_ms);
        }
    }

    #[test]
    fn it_is_outdated_from_half_a_ring_on_for_good() {
        let stamp = Stamp::past(NOW & RING, RING);
        for (later, outdated) in [
            (0, false),
            (RING / 2 - 1, false),
            (RING / 2, true),
            (RING, true),
            (RING + 1, true),
            (1 << 40, true),
        ] {
            assert_eq!(
                stamp.is_outdated(NOW + later, NOW),
                outdated,
                "{later} ms later"
            );
        }
        assert!(
            !stamp.is_outdated(NOW - 5_000, NOW),
            "a clock that goes back"
        );
    }

    #[test]
    fn what_was_noted_for_another_time_says_nothing() {
        let stamp = Stamp::past(NOW & RING, RING);
        for noted_ms in [0, NOW + 1, NOW - 1, NOW - RING] {
            assert!(!stamp.is_outdated(NOW + (1 << 30), noted_ms), "{noted_ms}");
        }
    }

    #[test]
    fn a_time_that_is_slightly_ahead_is_no_ring_ago() {
        let age = |time_ms: u64| age_ms(time_ms & RING, RING, NOW);
        assert_eq!(age(NOW + 1), 0);
        assert_eq!(age(NOW + SKEW_MS - 1), 0);
        assert_eq!(age(NOW), 0);
        assert_eq!(age(NOW - 7), 7);
        assert_eq!(age(NOW - RING / 2), RING / 2);
    }
}
