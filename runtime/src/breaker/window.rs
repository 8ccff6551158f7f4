//! Sliding windows, for the rules that ask for one: they count every call, so they live outside of the state word and cost what the
//! word's own rules do not. A breaker without such a rule has none.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::trip_rule::{Sample, Tally, TripRule};

// Sums over several atomics are approximate while other threads count; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;
// A bad call is in the ring before the mark of it, which is taken away before the ring is looked at: one of two threads sees the other one's.
const ALL: Ordering = Ordering::SeqCst;

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
    pub(super) fn for_rule(trip: TripRule) -> Option<Self> {
        match trip {
            TripRule::RateOfCalls { calls, .. } => Some(Self::Calls(Calls::new(calls))),
            TripRule::RateOfTime { within_ms, .. } => Some(Self::Time(Time::new(within_ms))),
            _ => None,
        }
    }

    /// Counts one more call, and gives what the window holds with it; `None`: nothing but good calls, of which no share opens anything.
    #[inline]
    pub(super) fn count(&self, sample: Sample, now_ms: u64) -> Option<Tally> {
        match self {
            Self::Calls(calls) => calls.count(sample),
            Self::Time(time) => time.count(sample, now_ms),
        }
    }

    /// What the window holds.
    pub(super) fn tally(&self, now_ms: u64) -> Tally {
        match self {
            Self::Calls(calls) => calls.tally(),
            Self::Time(time) => time.tally(now_ms),
        }
    }

    /// Looks back this far from now on, if it is one of time, and begins anew.
    #[cfg(feature = "overrides")]
    pub(super) fn looks_back(&self, within_ms: u64) {
        if let Self::Time(time) = self {
            let bucket_ms = Time::bucket_ms(within_ms);
            if time.bucket_ms.swap(bucket_ms, ORDER) != bucket_ms {
                time.clear();
            }
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

/// The last calls.
///
/// While all of them are good there is no order to be kept: who succeeds counts that for his own thread, and not even that once the window is full.
/// From a failure on each call takes its place in the ring, until the last bad one has been pushed out of it.
pub(super) struct Calls {
    failures: Bits,
    slow: Bits,
    /// Whether there has been a slow one: else nobody looks for them.
    has_slow: AtomicBool,
    /// Whether there is a bad one in the ring, or may be.
    has_bad: AtomicBool,
    size: u64,
    /// Calls that took a place in the ring so far; it is the next one's.
    placed: AtomicU64,
    /// Calls that took none.
    unplaced: Box<[Good]>,
}

/// Lines of the cache of its own.
#[repr(align(128))]
#[derive(Default)]
struct Good(AtomicU64);

impl Calls {
    fn new(size: u32) -> Self {
        Self {
            failures: Bits::new(size),
            slow: Bits::new(size),
            has_slow: AtomicBool::new(false),
            has_bad: AtomicBool::new(false),
            size: u64::from(size),
            placed: AtomicU64::new(0),
            unplaced: (0..STRIPES).map(|_| Good::default()).collect(),
        }
    }

    #[inline]
    fn count(&self, sample: Sample) -> Option<Tally> {
        if !sample.is_bad() && !self.has_bad.load(ORDER) {
            if let Some(Good(calls)) = self.unplaced.get(stripe())
                && calls.load(ORDER) < self.size
            {
                calls.fetch_add(1, ORDER);
            }
            return None;
        }
        self.place(sample);
        Some(self.tally())
    }

    #[cold]
    fn place(&self, sample: Sample) {
        let place = self.placed.fetch_add(1, ORDER) % self.size;
        self.failures.set(place, sample.failed);
        if sample.slow {
            self.has_slow.store(true, ORDER);
        }
        if self.has_slow.load(ORDER) {
            self.slow.set(place, sample.slow);
        }
        if sample.is_bad() {
            // After its bit: who takes the mark away looks once more for bits.
            self.has_bad.store(true, ALL);
        } else if !self.is_any_bad() {
            self.unmark();
        }
    }

    fn unmark(&self) {
        self.has_bad.store(false, ALL);
        if self.is_any_bad() {
            self.has_bad.store(true, ALL);
        }
    }

    fn is_any_bad(&self) -> bool {
        self.failures.is_any() || self.slow.is_any()
    }

    fn tally(&self) -> Tally {
        let unplaced = self.unplaced.iter().map(|Good(calls)| calls.load(ORDER));
        let calls = unplaced.fold(self.placed.load(ORDER), u64::saturating_add);
        Tally {
            calls: calls.min(self.size),
            failures: self.failures.count(),
            slow: if self.has_slow.load(ORDER) {
                self.slow.count()
            } else {
                0
            },
        }
    }

    fn clear(&self) {
        self.placed.store(0, ORDER);
        for Good(calls) in &self.unplaced {
            calls.store(0, ORDER);
        }
        self.failures.clear();
        self.slow.clear();
        self.unmark();
    }
}

/// One bit for each call.
struct Bits(Box<[AtomicU64]>);

impl Bits {
    fn new(size: u32) -> Self {
        let words = size.div_ceil(u64::BITS);
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    fn set(&self, place: u64, value: bool) {
        let bit = 1_u64 << (place % 64);
        let word = usize::try_from(place / 64).ok();
        if let Some(word) = word.and_then(|word| self.0.get(word)) {
            let was = word.load(ORDER) & bit != 0;
            // Most calls are as the one before in their place: what is there already is not written.
            if value && !was {
                word.fetch_or(bit, ALL);
            } else if was && !value {
                word.fetch_and(!bit, ALL);
            }
        }
    }

    fn is_any(&self) -> bool {
        self.0.iter().any(|word| word.load(ALL) != 0)
    }

    fn count(&self) -> u64 {
        let ones = |word: &AtomicU64| u64::from(word.load(ORDER).count_ones());
        self.0.iter().map(ones).sum()
    }

    fn clear(&self) {
        for word in &self.0 {
            word.store(0, ORDER);
        }
    }
}

/// The calls of the last while, in buckets of a tenth of it. Each thread writes its own, and reads those of others only while there is a bad call.
pub(super) struct Time {
    bucket_ms: AtomicU64,
    /// When the first bucket began, plus one; 0 before the first call.
    origin: AtomicU64,
    /// The number of the bucket that the last bad call is in; 0: there was none.
    last_bad: AtomicU64,
    /// Whether there has been a slow call: else nobody looks for them.
    has_slow: AtomicBool,
    stripes: Box<[Stripe]>,
}

/// A line of the cache of its own.
#[repr(align(128))]
#[derive(Default)]
struct Stripe([Bucket; BUCKETS]);

#[derive(Default)]
struct Bucket {
    outcomes: Counts,
    /// Slow calls, in the place of failures.
    slow: Counts,
}

#[derive(Default)]
struct Counts {
    /// The number of the bucket: 24 | calls: 20 | failures: 20. Of a bucket from another round all is forgotten.
    bits: AtomicU64,
    /// The whole number, of which there are low bits only: buckets of a millisecond have the same ones again after 4.6 hours. Written
    /// just after them, once for each bucket; with other low bits it is that of the round before, and says nothing.
    number: AtomicU64,
}

const COUNT_BITS: u32 = 20;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;
const NUMBER_SHIFT: u32 = 2 * COUNT_BITS;
const NUMBER_MASK: u64 = (1 << 24) - 1;

impl Time {
    fn new(within_ms: u64) -> Self {
        Self {
            bucket_ms: AtomicU64::new(Self::bucket_ms(within_ms)),
            origin: AtomicU64::new(0),
            last_bad: AtomicU64::new(0),
            has_slow: AtomicBool::new(false),
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
        }
    }

    fn bucket_ms(within_ms: u64) -> u64 {
        within_ms.div_ceil(BUCKETS as u64).max(1)
    }

    #[inline]
    fn count(&self, sample: Sample, now_ms: u64) -> Option<Tally> {
        let number = self.number(self.origin(now_ms), now_ms);
        if sample.slow {
            self.has_slow.store(true, ORDER);
        }
        if sample.is_bad() {
            self.last_bad.fetch_max(number, ORDER);
        }
        if let Some(Stripe(buckets)) = self.stripes.get(stripe()) {
            let place = usize::try_from(number % BUCKETS as u64).unwrap_or(0);
            buckets[place].count(number, sample);
        }
        let last_bad = self.last_bad.load(ORDER);
        let is_bad_in_it = last_bad != 0 && number.saturating_sub(last_bad) < BUCKETS as u64;
        is_bad_in_it.then(|| self.sum(number))
    }

    /// When the first bucket began: now, if this is the first call.
    #[inline]
    fn origin(&self, now_ms: u64) -> u64 {
        // Read first: an exchange would have threads wait for each other, also one that changes nothing.
        match self.origin.load(ORDER) {
            0 => match self.origin.compare_exchange(0, now_ms + 1, ORDER, ORDER) {
                Ok(_) => now_ms,
                Err(origin) => origin - 1,
            },
            origin => origin - 1,
        }
    }

    fn tally(&self, now_ms: u64) -> Tally {
        match self.origin.load(ORDER) {
            0 => Tally::default(),
            origin => self.sum(self.number(origin - 1, now_ms)),
        }
    }

    /// Which bucket it is now. Number 0 is that of a bucket never used.
    fn number(&self, origin: u64, now_ms: u64) -> u64 {
        now_ms.saturating_sub(origin) / self.bucket_ms.load(ORDER) + 1
    }

    fn sum(&self, number: u64) -> Tally {
        let mut tally = Tally::default();
        let has_slow = self.has_slow.load(ORDER);
        for bucket in self.stripes.iter().flat_map(|Stripe(buckets)| buckets) {
            let (calls, failures) = bucket.outcomes.at(number);
            tally.calls += calls;
            tally.failures += failures;
            if has_slow {
                tally.slow += bucket.slow.at(number).1;
            }
        }
        tally
    }

    fn clear(&self) {
        self.origin.store(0, ORDER);
        self.last_bad.store(0, ORDER);
        for bucket in self.stripes.iter().flat_map(|Stripe(buckets)| buckets) {
            bucket.outcomes.bits.store(0, ORDER);
            bucket.slow.bits.store(0, ORDER);
        }
    }
}

impl Bucket {
    fn count(&self, number: u64, sample: Sample) {
        self.outcomes.add(number, sample.failed, 1 << COUNT_BITS);
        if sample.slow {
            self.slow.add(number, true, 0);
        }
    }
}

impl Counts {
    /// Adds `call` to the upper count, and one to the lower one if it `counts`.
    fn add(&self, number: u64, counts: bool, call: u64) {
        let low = number & NUMBER_MASK;
        let mut is_new = false;
        let _ = self.bits.fetch_update(ORDER, ORDER, |bits| {
            is_new = bits >> NUMBER_SHIFT != low || self.is_of_another_round(low, number);
            let mut now = if is_new {
                0
            } else {
                bits & ((1 << NUMBER_SHIFT) - 1)
            };
            if now >> COUNT_BITS == COUNT_MASK || now & COUNT_MASK == COUNT_MASK {
                // The share stays what it was.
                now = (now >> 1) & !(1 << (COUNT_BITS - 1));
            }
            Some((low << NUMBER_SHIFT) | (now + call + u64::from(counts)))
        });
        if is_new {
            self.number.store(number, ORDER);
        }
    }

    /// The two counts, if they are not too old.
    fn at(&self, now: u64) -> (u64, u64) {
        let bits = self.bits.load(ORDER);
        let low = bits >> NUMBER_SHIFT;
        let age = now.wrapping_sub(low) & NUMBER_MASK;
        if bits != 0 && age < BUCKETS as u64 && !self.is_of_another_round(low, now) {
            ((bits >> COUNT_BITS) & COUNT_MASK, bits & COUNT_MASK)
        } else {
            (0, 0)
        }
    }

    /// Whether the bucket with these low bits is one that only looks as if it were in the window of bucket `now`.
    fn is_of_another_round(&self, low: u64, now: u64) -> bool {
        let number = self.number.load(ORDER);
        number & NUMBER_MASK == low && now.saturating_sub(number) >= BUCKETS as u64
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
#[path = "window_tests.rs"]
mod tests;
