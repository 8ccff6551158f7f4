//! How many entries there may be, and how many bytes: one number for both. Pure.

/// What is kept beside the value and its key: the entry itself, and what the cache needs to find and to evict it.
const OVERHEAD: u64 = 200;

/// The most that is kept. Slightly more for a moment: evicting lags behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many.
    pub entries: u64,
    /// Of keys and of values as they are in Redis, with something for each entry. In memory a value may take more, or less.
    pub bytes: u64,
}

impl Bounds {
    /// 10,000 entries, 64 MiB.
    pub const DEFAULT: Self = Self {
        entries: 10_000,
        bytes: 64 << 20,
    };

    pub(crate) const fn capacity(self) -> u64 {
        self.bytes
    }

    /// Each weighs at least as much as there is for it if there are as many as there may be: so neither bound is passed.
    pub(crate) fn weight(self, key: usize, value: usize) -> u32 {
        let bytes = u64::try_from(key.saturating_add(value)).unwrap_or(u64::MAX);
        let least = self.bytes.div_ceil(self.entries.max(1));
        let weight = bytes.saturating_add(OVERHEAD).max(least);
        u32::try_from(weight).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_ones_are_bounded_by_their_number_and_large_ones_by_their_bytes() {
        let bounds = Bounds {
            entries: 1000,
            bytes: 1_000_000,
        };
        assert_eq!(bounds.weight(3, 5), 1000);
        assert_eq!(u64::from(bounds.weight(3, 5)) * 1000, bounds.capacity());
        assert_eq!(bounds.weight(10, 4990), 5200);
        assert_eq!(bounds.weight(usize::MAX, usize::MAX), u32::MAX);
        let none = Bounds {
            entries: 0,
            bytes: 100,
        };
        assert!(u64::from(none.weight(0, 0)) > none.capacity());
    }
}
