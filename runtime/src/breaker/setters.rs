//! The settings of a breaker, checked where they are made: by the compiler, for a `static`.

use std::time::Duration;

use super::{Breaker, settings, word};

impl Breaker {
    /// How many failures in a row open the circuit; 5 unless told.
    ///
    /// # Panics
    /// If it is not between 1 and 65535; at compile time in a `static`.
    #[must_use]
    pub const fn failure_threshold(mut self, failures: u32) -> Self {
        assert!(
            failures > 0 && failures <= word::MAX_FAILURES,
            "failure_threshold has to be between 1 and 65535"
        );
        self.settings.failure_threshold = failures as u64;
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
        self
    }

    /// How long a probe may take before it counts as lost and another is let through; 10 s unless told, and never less than
    /// the timeout of the attempt that is the probe.
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
