//! Sliding windows, for the rules that ask for one: they count every call, so they live outside of the state word and cost what the
//! word's own rules do not. A breaker without such a rule has none.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::trip::{Tally, Trip};

// Sums over several atomics are approximate while other threads count; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// Most calls in a window of calls.
pub(super) const MAX_CALLS: u32 = 1_024;
/// Parts that a window of time is made of: it forgets a tenth of itself at a time.
const BUCKETS: usize = 10;
/// Counters for each part, so that threads do not wait for each other.
const STRIPES: usize = 8;

/// The outcomes of the calls that a rule looks back on.
pub(super) enum Window {
    Calls(Calls),
    Time(Time),
}

impl Window {
    /// `None` for the rules that need none.
    pub(super) fn for_rule(trip: Trip) -> Option<Self> {
        match trip {
            Trip::RateOfCalls { calls, .. } => Some(Self::Calls(Calls::new(calls))),
            Trip::RateOfTime { within_ms, .. } => Some(Self::Time(Time::new(within_ms))),
            _ => None,
        }
    }

    /// Counts one more call, and gives what the window holds with it.
    pub(super) fn record(&self, failed: bool, now_ms: u64) -> Tally {
        match self {
            Self::Calls(calls) => calls.record(failed),
            Self::Time(time) => time.record(failed, now_ms),
        }
    }

    pub(super) fn clear(&self) {
        match self {
            Self::Calls(calls) => calls.clear(),
            Self::Time(time) => time.clear(),
        }
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Window")
    }
}

/// The last calls, a bit for each: 1 = failure.
pub(super) struct Calls {
    bits: Box<[AtomicU64]>,
    size: u64,
    /// Calls counted so far; its place in the ring is the next one's.
    counted: AtomicU64,
}

impl Calls {
    fn new(size: u32) -> Self {
        let words = size.div_ceil(u64::BITS);
        Self {
            bits: (0..words).map(|_| AtomicU64::new(0)).collect(),
            size: u64::from(size),
            counted: AtomicU64::new(0),
        }
    }

    fn record(&self, failed: bool) -> Tally {
        let before = self.counted.fetch_add(1, ORDER);
        let place = before % self.size;
        let (word, bit) = (place / 64, 1_u64 << (place % 64));
        if let Some(word) = usize::try_from(word)
            .ok()
            .and_then(|word| self.bits.get(word))
        {
            if failed {
                word.fetch_or(bit, ORDER);
            } else {
                word.fetch_and(!bit, ORDER);
            }
        }
        let failures = |word: &AtomicU64| u64::from(word.load(ORDER).count_ones());
        Tally {
            calls: before.saturating_add(1).min(self.size),
            failures: self.bits.iter().map(failures).sum(),
        }
    }

    fn clear(&self) {
        self.counted.store(0, ORDER);
        for word in &self.bits {
            word.store(0, ORDER);
        }
    }
}

/// The calls of the last while, in buckets of a tenth of it.
pub(super) struct Time {
    bucket_ms: u64,
    /// When the first bucket began, plus one; 0 before the first call.
    origin: AtomicU64,
    stripes: Box<[Stripe]>,
}

/// A line of the cache of its own.
#[repr(align(128))]
#[derive(Default)]
struct Stripe([Bucket; BUCKETS]);

/// The number of the bucket: 24 | calls: 20 | failures: 20. Of a bucket from another round all is forgotten.
#[derive(Default)]
struct Bucket(AtomicU64);

const NUMBER_MASK: u64 = (1 << 24) - 1;
const COUNT_MASK: u64 = (1 << 20) - 1;

impl Time {
    fn new(within_ms: u64) -> Self {
        Self {
            bucket_ms: within_ms.div_ceil(BUCKETS as u64).max(1),
            origin: AtomicU64::new(0),
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
        }
    }

    fn record(&self, failed: bool, now_ms: u64) -> Tally {
        let origin = match self.origin.compare_exchange(0, now_ms + 1, ORDER, ORDER) {
            Ok(_) => now_ms,
            Err(origin) => origin - 1,
        };
        // Number 0 is that of a bucket never used.
        let number = now_ms.saturating_sub(origin) / self.bucket_ms + 1;
        if let Some(Stripe(buckets)) = self.stripes.get(stripe()) {
            let place = usize::try_from(number % BUCKETS as u64).unwrap_or(0);
            buckets[place].count(number, failed);
        }
        let mut tally = Tally::default();
        for bucket in self.stripes.iter().flat_map(|Stripe(buckets)| buckets) {
            bucket.add_to(&mut tally, number);
        }
        tally
    }

    fn clear(&self) {
        self.origin.store(0, ORDER);
        for bucket in self.stripes.iter().flat_map(|Stripe(buckets)| buckets) {
            bucket.0.store(0, ORDER);
        }
    }
}

impl Bucket {
    fn count(&self, number: u64, failed: bool) {
        let number = number & NUMBER_MASK;
        let _ = self.0.fetch_update(ORDER, ORDER, |bits| {
            let (mut calls, mut failures) = match bits >> 40 {
                same if same == number => ((bits >> 20) & COUNT_MASK, bits & COUNT_MASK),
                _ => (0, 0),
            };
            if calls == COUNT_MASK {
                // The share stays what it was.
                (calls, failures) = (calls / 2, failures / 2);
            }
            Some(number << 40 | (calls + 1) << 20 | (failures + u64::from(failed)))
        });
    }

    fn add_to(&self, tally: &mut Tally, now: u64) {
        let bits = self.0.load(ORDER);
        let age = now.wrapping_sub(bits >> 40) & NUMBER_MASK;
        if bits != 0 && age < BUCKETS as u64 {
            tally.calls += (bits >> 20) & COUNT_MASK;
            tally.failures += bits & COUNT_MASK;
        }
    }
}

/// This thread's stripe.
fn stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<usize> = Cell::new(NEXT.fetch_add(1, ORDER) % STRIPES);
    }
    MINE.with(Cell::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(calls: u64, failures: u64) -> Tally {
        Tally { calls, failures }
    }

    #[test]
    fn a_window_of_calls_forgets_the_oldest() {
        let window = Calls::new(3);
        let seen: Vec<_> = "xx..x.x"
            .chars()
            .map(|outcome| window.record(outcome == 'x'))
            .collect();
        let expected = [(1, 1), (2, 2), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)];
        assert_eq!(
            seen,
            expected.map(|(calls, failures)| tally(calls, failures))
        );
        window.clear();
        assert_eq!(window.record(false), tally(1, 0));
    }

    #[cfg(not(miri))]
    #[test]
    fn a_window_of_calls_may_be_of_any_size() {
        for size in [1, 63, 64, 65, MAX_CALLS] {
            let window = Calls::new(size);
            for _ in 0..2 * size {
                window.record(true);
            }
            assert_eq!(
                window.record(false),
                tally(size.into(), u64::from(size) - 1)
            );
        }
    }

    #[test]
    fn a_window_of_time_forgets_a_tenth_at_a_time() {
        let window = Time::new(1000);
        assert_eq!(window.record(true, 5000), tally(1, 1));
        assert_eq!(window.record(false, 5099), tally(2, 1));
        assert_eq!(window.record(true, 5100), tally(3, 2));
        assert_eq!(window.record(false, 5999), tally(4, 2));
        assert_eq!(
            window.record(false, 6000),
            tally(3, 1),
            "the first bucket is gone"
        );
        assert_eq!(window.record(false, 60_000), tally(1, 0));
        window.clear();
        assert_eq!(window.record(true, 60_000), tally(1, 1));
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let window = Time::new(1000);
        window.record(true, 5000);
        assert!(window.record(true, 0).calls >= 1);
        assert!(window.record(true, u64::MAX - 1).calls >= 1);
    }

    #[test]
    fn threads_lose_no_call() {
        const CALLS: u64 = if cfg!(miri) { 10 } else { 100 };
        let windows = [
            Window::Time(Time::new(1000)),
            Window::Calls(Calls::new(MAX_CALLS)),
        ];
        for window in &windows {
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        for call in 0..CALLS {
                            window.record(call % 2 == 0, 5000);
                        }
                    });
                }
            });
            assert_eq!(
                window.record(false, 5000),
                tally(8 * CALLS + 1, 4 * CALLS),
                "{window:?}"
            );
        }
    }
}
