//! A histogram of durations. Pure but for what is added to it by one thread and read by others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

// Sums, and what is shown.
const ORDER: Ordering = Ordering::Relaxed;

/// The upper bounds of the buckets in microseconds, six to a decade: from 10 µs to 100 s, which is longer than an attempt should ever take.
const BOUNDS_US: [u64; 43] = [
    10,
    15,
    20,
    30,
    50,
    70, //
    100,
    150,
    200,
    300,
    500,
    700, //
    1_000,
    1_500,
    2_000,
    3_000,
    5_000,
    7_000, //
    10_000,
    15_000,
    20_000,
    30_000,
    50_000,
    70_000, //
    100_000,
    150_000,
    200_000,
    300_000,
    500_000,
    700_000, //
    1_000_000,
    1_500_000,
    2_000_000,
    3_000_000,
    5_000_000,
    7_000_000, //
    10_000_000,
    15_000_000,
    20_000_000,
    30_000_000,
    50_000_000,
    70_000_000, //
    100_000_000,
];

const BUCKETS: usize = BOUNDS_US.len() + 1;

/// How long attempts took, in buckets of which the widest is two thirds wider than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durations {
    buckets: [u64; BUCKETS],
    sum_ns: u64,
}

/// How long the attempts of a function took. One in 256 is timed and counted for 256, and each that had to wait in a function that is async and has
/// a timeout or a deadline; of these the time before they first had to wait is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptDurations {
    /// Those that gave a value.
    pub answered: Durations,
    /// Those that failed, cut off or not.
    pub failed: Durations,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            sum_ns: 0,
        }
    }
}

impl Durations {
    /// How many are in it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// How long all of them took together.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum_ns)
    }

    /// Adds those of another function, say.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.buckets.iter_mut().zip(other.buckets) {
            *sum += more;
        }
        self.sum_ns = self.sum_ns.wrapping_add(other.sum_ns);
    }

    /// So long or less took this share of them, from 0 to 1: 0.5 for the median. Exact to a quarter; `None` if there are none.
    ///
    /// What took longer than 100 s is told as that.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of a count, which is not told exactly"
    )]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (count as f64 * share.clamp(0.0, 1.0)).max(1.0);
        let mut before = 0;
        for (at, &here) in self.buckets.iter().enumerate() {
            if here > 0 && (before + here) as f64 >= rank {
                let lower = lower_us(at) as f64;
                let upper = BOUNDS_US.get(at).map_or(lower, |&upper| upper as f64);
                let within = (rank - before as f64) / here as f64;
                let us = lower + (upper - lower) * within;
                return Some(Duration::from_secs_f64(us / 1e6));
            }
            before += here;
        }
        None
    }

    /// The buckets: the upper bound of each, which is in it (`None`: there is none, and they took longer than 100 s), and how many are in it.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> + '_ {
        let bounds = BOUNDS_US.iter().map(|&us| Some(Duration::from_micros(us)));
        bounds.chain([None]).zip(self.buckets)
    }
}

const fn lower_us(at: usize) -> u64 {
    match at {
        0 => 0,
        _ => BOUNDS_US[at - 1],
    }
}

/// The same while it is being added to, by one thread at a time.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_ns: AtomicU64,
}

impl Histogram {
    pub(super) const fn new() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            sum_ns: AtomicU64::new(0),
        }
    }

    /// So many that took so long.
    pub(super) fn record(&self, took: Duration, times: u32) {
        let at = BOUNDS_US.partition_point(|&us| Duration::from_micros(us) < took);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let times = u64::from(times);
        add(&self.buckets[at], times);
        add(&self.sum_ns, nanos.saturating_mul(times));
    }

    pub(super) fn add_to(&self, durations: &mut Durations) {
        for (sum, bucket) in durations.buckets.iter_mut().zip(&self.buckets) {
            *sum += bucket.load(ORDER);
        }
        durations.sum_ns = durations.sum_ns.wrapping_add(self.sum_ns.load(ORDER));
    }
}

/// Of a number that only this thread writes.
#[inline]
pub(super) fn add(number: &AtomicU64, more: u64) {
    number.store(number.load(ORDER).wrapping_add(more), ORDER);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Durations {
        let histogram = Histogram::new();
        for millis in millis {
            histogram.record(Duration::from_millis(millis), 1);
        }
        let mut durations = Durations::default();
        histogram.add_to(&mut durations);
        durations
    }

    #[test]
    fn quantiles_are_right_to_a_quarter() {
        let durations = of(1..=1000);
        assert_eq!(durations.count(), 1000);
        assert_eq!(durations.sum(), Duration::from_millis(500_500));
        for (share, millis) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0), (0.01, 10.0)] {
            let told = durations.quantile(share).expect("there are some");
            let ratio = told.as_secs_f64() * 1000.0 / millis;
            assert!((0.75..1.25).contains(&ratio), "{share}: {told:?}");
        }
    }

    #[test]
    fn of_nothing_there_is_no_quantile_and_what_is_too_long_has_a_bucket() {
        assert_eq!(of([]).quantile(0.5), None);
        let durations = of([0, 1_000_000]);
        assert_eq!(durations.buckets().last(), Some((None, 1)));
        assert_eq!(durations.quantile(1.0), Some(Duration::from_secs(100)));
        assert_eq!(
            durations.buckets().next(),
            Some((Some(Duration::from_micros(10)), 1))
        );
    }

    #[test]
    fn a_bound_is_in_its_bucket() {
        let durations = of([1]);
        let bucket = durations.buckets().find(|(_, count)| *count > 0);
        assert_eq!(bucket, Some((Some(Duration::from_millis(1)), 1)));
    }
}
