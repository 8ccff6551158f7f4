//! Who is inside of a bulkhead and who waits, in one word: leaving sees every waiter that has not seen it.

/// One call inside, as it is taken off the word.
pub(super) const ONE_INSIDE: u64 = 1;
/// One call that waits, as it is added to the word and taken off.
pub(super) const ONE_WAITING: u64 = 1 << 32;

/// The lower half of the word is the calls inside, the upper one those that wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Occupancy(u64);

impl Occupancy {
    pub(super) const EMPTY: Self = Self(0);

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn inside(self) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let inside = self.0 as u32;
        inside
    }

    pub(super) const fn waiting(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(super) const fn has_waiters(self) -> bool {
        self.0 >= ONE_WAITING
    }

    /// With one more inside; `None` if that is one too many.
    pub(super) const fn enter(self, limit: u32) -> Option<Self> {
        if self.inside() < limit {
            Some(Self(self.0 + ONE_INSIDE))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_enters_beyond_the_limit() {
        let mut occupancy = Occupancy::EMPTY;
        for inside in 1..=3 {
            occupancy = occupancy.enter(3).expect("there is room");
            assert_eq!(occupancy.inside(), inside);
        }
        assert_eq!(occupancy.enter(3), None);
    }

    #[test]
    fn the_largest_limit_leaves_the_waiters_alone() {
        let waiting = Occupancy::from_bits(ONE_WAITING | u64::from(u32::MAX - 1));
        let full = waiting.enter(u32::MAX).expect("there is room for one");
        assert_eq!((full.inside(), full.waiting()), (u32::MAX, 1));
        assert_eq!(full.enter(u32::MAX), None);
        let alone = Occupancy::from_bits(full.bits() - ONE_WAITING);
        assert_eq!((alone.inside(), alone.has_waiters()), (u32::MAX, false));
    }
}
