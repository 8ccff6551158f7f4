//! The rules by which a closed circuit opens, checked where they are set: by the compiler, for a `static`.

use std::time::Duration;

use super::packed_state::PackedState;
use super::trip_rule::{self, Slow, TripRule};
use super::{Breaker, window};
use crate::clock::whole_millis;
use crate::sync::AtomicU64;

impl Breaker {
    /// How many failures in a row open the circuit; 5 unless told.
    ///
    /// # Panics
    /// If it is not between 1 and 65535; at compile time in a `static`.
    #[must_use]
    pub const fn failure_threshold(self, failures: u32) -> Self {
        assert!(
            failures > 0 && failures <= trip_rule::MAX_FAILURES,
            "failure_threshold has to be between 1 and 65535"
        );
        self.trip(TripRule::InARow {
            failures: failures as u64,
        })
    }

    /// Opens the circuit when `failures` of the last `calls` have failed, in place of failures in a row.
    ///
    /// ```
    /// # use redis_resilient::Breaker;
    /// static FLAKY: Breaker = Breaker::new("flaky").failure_threshold_of(5, 20);
    /// ```
    ///
    /// # Panics
    /// If `calls` is not between 1 and 24, or `failures` not between 1 and `calls`; at compile time in a `static`.
    #[must_use]
    pub const fn failure_threshold_of(self, failures: u32, calls: u32) -> Self {
        assert!(
            calls > 0 && calls <= trip_rule::MAX_CALLS,
            "failure_threshold_of looks at 1 to 24 calls"
        );
        assert!(
            failures > 0 && failures <= calls,
            "failure_threshold_of waits for at least 1 failure and at most as many as there are calls"
        );
        self.trip(TripRule::OfLast { failures, calls })
    }

    /// Opens the circuit when `percent` of at least `min_calls` have failed within a time, in place of failures in a row.
    ///
    /// The window is not one that slides: it begins with a failure, so that nothing is counted while nothing fails, and successes from
    /// before do not dilute it. Each call in it counts, [`burst_window`](Self::burst_window) or not.
    ///
    /// ```
    /// # use redis_resilient::Breaker;
    /// # use std::time::Duration;
    /// static BUSY: Breaker = Breaker::new("busy").failure_rate(50, 20, Duration::from_secs(10));
    /// ```
    ///
    /// # Panics
    /// If `percent` is not between 1 and 100, `min_calls` not between 1 and 2000, or the time zero or longer than 8 minutes; at compile
    /// time in a `static`.
    #[must_use]
    pub const fn failure_rate(self, percent: u32, min_calls: u32, within: Duration) -> Self {
        assert!(
            percent > 0 && percent <= 100,
            "failure_rate takes a percentage from 1 to 100"
        );
        assert!(
            min_calls > 0 && min_calls <= trip_rule::MAX_MIN_CALLS,
            "failure_rate waits for 1 to 2000 calls"
        );
        let within_ms = whole_millis(within);
        assert!(
            within_ms > 0 && within_ms <= trip_rule::MAX_WITHIN_MS,
            "failure_rate looks at a window of 1 ms to 8 minutes"
        );
        self.trip(TripRule::Rate {
            percent: percent as u64,
            min_calls: min_calls as u64,
            within_ms,
        })
    }

    /// Opens the circuit when `percent` of the last `calls` have failed, once there are `min_calls` (or as many as the window holds), in
    /// place of failures in a row.
    ///
    /// A window that slides counts every call. While nothing in it has failed or was slow, threads share no write for that; from a failure on, and until
    /// it has been pushed out, each call is two atomic writes to memory that all threads share.
    /// [`failure_rate`](Self::failure_rate) costs nothing while nothing fails, and opens sooner.
    ///
    /// # Panics
    /// If `percent` is not between 1 and 100, `calls` not between 1 and 1024, or `min_calls` zero; at compile time in a `static`.
    #[must_use]
    pub const fn failure_rate_of_calls(self, percent: u32, calls: u32, min_calls: u32) -> Self {
        assert!(
            percent > 0 && percent <= 100,
            "failure_rate_of_calls takes a percentage from 1 to 100"
        );
        assert!(
            calls > 0 && calls <= window::MAX_CALLS,
            "failure_rate_of_calls looks at 1 to 1024 calls"
        );
        assert!(
            min_calls > 0,
            "failure_rate_of_calls waits for at least 1 call"
        );
        let min_calls = if min_calls > calls { calls } else { min_calls };
        self.trip(TripRule::RateOfCalls {
            percent: percent as u64,
            min_calls: min_calls as u64,
            calls,
        })
    }

    /// Opens the circuit when `percent` of the calls of the last while have failed, once there are `min_calls`, in place of failures in a
    /// row.
    ///
    /// A window that slides counts every call: a write to memory that is shared by an eighth of the threads, and a look at the clock; while something in it has
    /// failed or was slow, a look at what all threads have counted too. It forgets a tenth of itself at a time. [`failure_rate`](Self::failure_rate) costs nothing while nothing fails, and opens sooner.
    ///
    /// # Panics
    /// If `percent` is not between 1 and 100, `min_calls` zero, or the time shorter than 10 ms or longer than a day; at compile time in a
    /// `static`.
    #[must_use]
    pub const fn failure_rate_of_time(
        self,
        percent: u32,
        within: Duration,
        min_calls: u32,
    ) -> Self {
        assert!(
            percent > 0 && percent <= 100,
            "failure_rate_of_time takes a percentage from 1 to 100"
        );
        assert!(
            min_calls > 0,
            "failure_rate_of_time waits for at least 1 call"
        );
        let within_ms = whole_millis(within);
        assert!(
            within_ms >= 10 && within_ms <= 86_400_000,
            "failure_rate_of_time looks at a window of 10 ms to a day"
        );
        self.trip(TripRule::RateOfTime {
            percent: percent as u64,
            min_calls: min_calls as u64,
            within_ms,
        })
    }

    /// Opens the circuit also when `percent` of the calls in the window took at least this long, in whole milliseconds, whatever came
    /// of them. Beside [`failure_rate_of_calls`](Self::failure_rate_of_calls) or [`failure_rate_of_time`](Self::failure_rate_of_time),
    /// and set after it: the window and its least number of calls are the same.
    ///
    /// A probe that takes so long counts as one that failed. Each call reads the clock once more.
    ///
    /// ```
    /// # use redis_resilient::Breaker;
    /// # use std::time::Duration;
    /// static SEARCH: Breaker = Breaker::new("search")
    ///     .failure_rate_of_time(50, Duration::from_secs(10), 20)
    ///     .slow_call_rate(80, Duration::from_millis(250));
    /// ```
    ///
    /// # Panics
    /// If `percent` is not between 1 and 100, the time shorter than a millisecond, or neither of the two rules is set; at compile time
    /// in a `static`.
    #[must_use]
    pub const fn slow_call_rate(mut self, percent: u32, from: Duration) -> Self {
        assert!(
            percent > 0 && percent <= 100,
            "slow_call_rate takes a percentage from 1 to 100"
        );
        let from_ms = whole_millis(from);
        assert!(
            from_ms > 0,
            "slow_call_rate takes calls for slow from a millisecond up"
        );
        self.settings.slow = Some(Slow {
            percent: percent as u64,
            from_ms,
        });
        self.check_slow();
        self
    }

    /// Counts each call once, by what comes of it in the end, and not each of its attempts.
    ///
    /// With it, the retries of one unlucky call cannot open the circuit for all others, and an outage takes as many calls to be seen
    /// as [`failure_threshold`](Self::failure_threshold) says. Every attempt still asks for leave, and one that is a probe counts at
    /// once. A call that is dropped between two attempts counts for nothing.
    ///
    /// It concerns annotated functions: whoever uses [`try_acquire`](Self::try_acquire) says what counts.
    #[must_use]
    pub const fn count_calls(mut self) -> Self {
        self.settings.counts_calls = true;
        self
    }

    const fn check_slow(&self) {
        assert!(
            self.settings.slow.is_none() || self.settings.trip.slides(),
            "slow_call_rate needs a window that slides: failure_rate_of_calls or failure_rate_of_time, set before it"
        );
    }

    const fn trip(mut self, trip: TripRule) -> Self {
        self.settings.trip = trip;
        self.word = AtomicU64::new(PackedState::new(trip).bits());
        self.check_slow();
        self
    }
}
