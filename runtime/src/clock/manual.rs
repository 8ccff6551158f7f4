//! A clock that a test sets by hand, and a sequence of random numbers that repeats.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Instant;

thread_local! {
    static INSTALLED: RefCell<Vec<ManualClock>> = const { RefCell::new(Vec::new()) };
}

/// A clock for tests of synchronous code: breakers, retry budgets and deadlines go by it, and a pause between two attempts does not block
/// but moves it on.
///
/// Asynchronous code needs none: there `tokio::time::pause` does the same, for everything at once.
///
/// It counts on the threads that it is installed on, so that tests that run at the same time do not disturb each other. Clones are
/// the same clock.
///
/// ```
/// use redis_resilient::{Breaker, ManualClock};
/// use std::time::Duration;
///
/// static SESSIONS: Breaker = Breaker::new("sessions").failure_threshold(1);
///
/// let clock = ManualClock::new();
/// let _installed = clock.install();
/// SESSIONS.try_acquire()?.failure();
/// assert!(SESSIONS.try_acquire().is_err());
/// clock.advance(Duration::from_secs(2));
/// SESSIONS.try_acquire()?.success();
/// # Ok::<(), redis_resilient::Rejection>(())
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    start: Instant,
    /// Since the start, in nanoseconds: enough for 584 years.
    elapsed: Arc<AtomicU64>,
}

/// While this lives, a [`ManualClock`] counts on this thread.
#[derive(Debug)]
#[must_use = "the clock counts while this lives"]
pub struct InstalledClock {
    on_this_thread: PhantomData<*const ()>,
}

impl ManualClock {
    /// A clock that stands still, at the time that it is now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            elapsed: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Makes it the clock of this thread, until what is returned is dropped. The last one installed counts.
    pub fn install(&self) -> InstalledClock {
        INSTALLED.with_borrow_mut(|clocks| clocks.push(self.clone()));
        InstalledClock {
            on_this_thread: PhantomData,
        }
    }

    /// Moves it on; for ever, if that is beyond its range.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        let add = |elapsed: u64| Some(elapsed.saturating_add(by));
        let _ = self
            .elapsed
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// How far it has moved.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.elapsed.load(Ordering::Relaxed))
    }

    fn now(&self) -> Instant {
        self.start.checked_add(self.elapsed()).unwrap_or(self.start)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for InstalledClock {
    fn drop(&mut self) {
        INSTALLED.with_borrow_mut(Vec::pop);
    }
}

/// The clock of this thread, if one is installed.
fn installed() -> Option<ManualClock> {
    INSTALLED.with_borrow(|clocks| clocks.last().cloned())
}

pub(super) fn now() -> Option<Instant> {
    installed().map(|clock| clock.now())
}

/// Whether the pause was made by moving the clock.
pub(super) fn sleeps(pause: Duration) -> bool {
    installed().inspect(|clock| clock.advance(pause)).is_some()
}

/// Makes the random numbers of this thread, for jitter and open periods, repeat from here on.
///
/// ```
/// redis_resilient::seed_randomness(7);
/// ```
pub fn seed_randomness(seed: u64) {
    fastrand::seed(seed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_last_clock_installed_counts_on_its_thread() {
        let (outer, inner) = (ManualClock::new(), ManualClock::new());
        let outer_installed = outer.install();
        let start_ms = clock::now_ms();
        outer.advance(SECOND);
        assert_eq!(clock::now_ms() - start_ms, 1000);
        {
            let _installed = inner.install();
            inner.advance(3600 * SECOND);
            let ahead_ms = clock::now_ms() - start_ms;
            assert!((3_600_000..3_601_000).contains(&ahead_ms), "{ahead_ms}");
        }
        assert_eq!(clock::now_ms() - start_ms, 1000);
        let on_another_thread = std::thread::spawn(clock::now).join();
        assert!(on_another_thread.is_ok_and(|now| now < outer.now()));
        drop(outer_installed);
        assert!(clock::now() < outer.now());
    }

    #[test]
    fn a_pause_moves_it_and_takes_no_time() {
        let clock = ManualClock::new();
        let _installed = clock.install();
        clock::sleep(3600 * SECOND);
        assert_eq!(clock.elapsed(), 3600 * SECOND);
    }

    #[test]
    fn it_stops_at_the_end_of_its_range() {
        let clock = ManualClock::new();
        let _installed = clock.install();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.elapsed(), Duration::from_nanos(u64::MAX));
        let _ = clock::now_ms();
    }

    #[test]
    fn a_seed_repeats_the_jitter() {
        let numbers = || {
            seed_randomness(7);
            [fastrand::u32(..), fastrand::u32(..)]
        };
        assert_eq!(numbers(), numbers());
    }
}
