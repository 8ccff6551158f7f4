//! The settings of a breaker, checked where they are made: by the compiler, for a `static`.

use std::time::Duration;

use super::trip::Trip;
use super::word::Word;
use super::{Breaker, settings, trip, window, word};
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
            failures > 0 && failures <= trip::MAX_FAILURES,
            "failure_threshold has to be between 1 and 65535"
        );
        self.trip(Trip::InARow {
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
            calls > 0 && calls <= trip::MAX_CALLS,
            "failure_threshold_of looks at 1 to 24 calls"
        );
        assert!(
            failures > 0 && failures <= calls,
            "failure_threshold_of waits for at least 1 failure and at most as many as there are calls"
        );
        self.trip(Trip::OfLast { failures, calls })
    }

    /// Opens the circuit when `percent` of at least `min_calls` have failed within a time, in place of failures in a row.
    ///
    /// The window is not one that slides: it begins with a failure, so that nothing is counted while nothing fails, and successes from
    /// before do not dilute it. Each call in it counts, [`lump`](Self::lump) or not.
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
            min_calls > 0 && min_calls <= trip::MAX_MIN_CALLS,
            "failure_rate waits for 1 to 2000 calls"
        );
        let within_ms = whole_millis(within);
        assert!(
            within_ms > 0 && within_ms <= trip::MAX_WITHIN_MS,
            "failure_rate looks at a window of 1 ms to 8 minutes"
        );
        self.trip(Trip::Rate {
            percent: percent as u64,
            min_calls: min_calls as u64,
            within_ms,
        })
    }

    /// Opens the circuit when `percent` of the last `calls` have failed, once there are `min_calls` (or as many as the window holds), in
    /// place of failures in a row.
    ///
    /// A window that slides counts every call: two atomic writes to memory that all threads share.
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
        self.trip(Trip::RateOfCalls {
            percent: percent as u64,
            min_calls: min_calls as u64,
            calls,
        })
    }

    /// Opens the circuit when `percent` of the calls of the last while have failed, once there are `min_calls`, in place of failures in a
    /// row.
    ///
    /// A window that slides counts every call: a write to memory that is shared by an eighth of the threads, and a look at the clock. It
    /// forgets a tenth of itself at a time. [`failure_rate`](Self::failure_rate) costs nothing while nothing fails, and opens sooner.
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
        self.trip(Trip::RateOfTime {
            percent: percent as u64,
            min_calls: min_calls as u64,
            within_ms,
        })
    }

    const fn trip(mut self, trip: Trip) -> Self {
        self.settings.trip = trip;
        self.word = AtomicU64::new(Word::new(trip).bits());
        self
    }

    /// Failures within this time of one that was counted are the same failure, in whole milliseconds; 20 ms unless told, zero to
    /// count each.
    ///
    /// A connection that is dropped fails all calls in flight on it at once. That is one failure, and not a reason to refuse the
    /// retries of all of them.
    #[must_use]
    pub const fn lump(mut self, within: Duration) -> Self {
        self.settings.lump_ms = if within.is_zero() {
            0
        } else {
            settings::lease_millis(within)
        };
        self
    }

    /// How long the circuit stays open at first, in whole milliseconds; 1 s unless told, or
    /// [`reset_timeout_max`](Self::reset_timeout_max) where that is shorter.
    ///
    /// # Panics
    /// If it is zero, or longer than a `reset_timeout_max` that is set; at compile time in a `static`.
    #[must_use]
    pub const fn reset_timeout(mut self, period: Duration) -> Self {
        assert!(
            !period.is_zero(),
            "reset_timeout has to be longer than zero"
        );
        self.settings.reset_timeout_ms = Some(settings::open_millis(period));
        assert!(
            !self.settings.periods_are_reversed(),
            "reset_timeout has to be at most as long as reset_timeout_max"
        );
        self
    }

    /// How long the circuit stays open at most, when probe after probe fails; 30 s unless told, or
    /// [`reset_timeout`](Self::reset_timeout) where that is longer.
    ///
    /// # Panics
    /// If it is zero, or shorter than a `reset_timeout` that is set; at compile time in a `static`.
    #[must_use]
    pub const fn reset_timeout_max(mut self, period: Duration) -> Self {
        assert!(
            !period.is_zero(),
            "reset_timeout_max has to be longer than zero"
        );
        self.settings.reset_timeout_max_ms = Some(settings::open_millis(period));
        assert!(
            !self.settings.periods_are_reversed(),
            "reset_timeout_max has to be at least as long as reset_timeout"
        );
        self
    }

    /// How many probes a half-open circuit lets through at once; 1 unless told.
    ///
    /// # Panics
    /// If it is not between 1 and 63; at compile time in a `static`.
    #[must_use]
    pub const fn half_open_permits(mut self, permits: u32) -> Self {
        assert!(
            permits > 0 && permits <= word::MAX_PERMITS,
            "half_open_permits has to be between 1 and 63"
        );
        self.settings.half_open_permits = permits as u64;
        self
    }

    /// How many successful probes close a half-open circuit; 1 unless told.
    ///
    /// # Panics
    /// If it is not between 1 and 63; at compile time in a `static`.
    #[must_use]
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        assert!(
            successes > 0 && successes <= word::MAX_PERMITS,
            "success_threshold has to be between 1 and 63"
        );
        self.settings.success_threshold = successes as u64;
        self.settings.probes = successes as u64;
        self
    }

    /// Closes a half-open circuit when `successes` of `probes` have succeeded, and opens it again when so many no longer can.
    ///
    /// # Panics
    /// If `probes` is not between 1 and 63, or `successes` not between 1 and `probes`; at compile time in a `static`.
    #[must_use]
    pub const fn success_threshold_of(mut self, successes: u32, probes: u32) -> Self {
        assert!(
            probes > 0 && probes <= word::MAX_PERMITS,
            "success_threshold_of makes between 1 and 63 probes"
        );
        assert!(
            successes > 0 && successes <= probes,
            "success_threshold_of waits for at least 1 success and at most as many as there are probes"
        );
        self.settings.success_threshold = successes as u64;
        self.settings.probes = probes as u64;
        self
    }

    /// How long a probe may take before it counts as lost and another is let through; 10 s unless told, and never less than
    /// the timeout of the attempt that is the probe; at most 8 minutes.
    ///
    /// # Panics
    /// If it is zero; at compile time in a `static`.
    #[must_use]
    pub const fn probe_lease(mut self, lease: Duration) -> Self {
        assert!(!lease.is_zero(), "probe_lease has to be longer than zero");
        self.settings.probe_lease_ms = settings::lease_millis(lease);
        self
    }
}

#[cfg(test)]
#[path = "setters_tests.rs"]
mod tests;
