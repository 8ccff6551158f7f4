//! The other settings of a breaker, checked where they are made: by the compiler, for a `static`.

use std::time::Duration;

use super::settings::Verdict;
use super::{Breaker, packed_state, settings};

impl Breaker {
    /// Failures within this time of one that was counted are the same failure, in whole milliseconds; 20 ms unless told, zero to
    /// count each, at most 8 minutes. A rate counts each.
    ///
    /// A connection that is dropped fails all calls in flight on it at once. That is one failure, and not a reason to refuse the
    /// retries of all of them.
    #[must_use]
    pub const fn burst_window(mut self, within: Duration) -> Self {
        self.settings.burst_window_ms = if within.is_zero() {
            0
        } else {
            settings::lease_millis(within)
        };
        self
    }

    /// The former name of [`burst_window`](Self::burst_window).
    #[doc(hidden)]
    #[deprecated(note = "renamed: `burst_window`")]
    #[must_use]
    pub const fn lump(self, within: Duration) -> Self {
        self.burst_window(within)
    }

    /// How long the circuit stays open at first, in whole milliseconds; 1 s unless told, or
    /// [`reset_timeout_max`](Self::reset_timeout_max) where that is shorter.
    ///
    /// In release builds on Linux and Android, breakers read the kernel's coarse clock: a period may end a tick of the kernel sooner or
    /// later, which is 4 ms as a rule, and 10 ms at most.
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
    /// Where the number of probes is set as well, by [`success_threshold_of`](Self::success_threshold_of) or
    /// [`half_open_failure_rate`](Self::half_open_failure_rate), there are never more than are still needed.
    ///
    /// # Panics
    /// If it is not between 1 and 63; at compile time in a `static`.
    #[must_use]
    pub const fn half_open_permits(mut self, permits: u32) -> Self {
        assert!(
            permits > 0 && permits <= packed_state::MAX_PERMITS,
            "half_open_permits has to be between 1 and 63"
        );
        self.settings.half_open_permits = permits as u64;
        self
    }

    /// How many successful probes close a half-open circuit; 1 unless told. The first that fails opens it again.
    ///
    /// # Panics
    /// If it is not between 1 and 63; at compile time in a `static`.
    #[must_use]
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        assert!(
            successes > 0 && successes <= packed_state::MAX_PERMITS,
            "success_threshold has to be between 1 and 63"
        );
        self.settings.verdict = Verdict::successes(successes as u64);
        self
    }

    /// Closes a half-open circuit when `successes` of `probes` have succeeded, and opens it again when so many no longer can.
    ///
    /// # Panics
    /// If `probes` is not between 1 and 63, or `successes` not between 1 and `probes`; at compile time in a `static`.
    #[must_use]
    pub const fn success_threshold_of(mut self, successes: u32, probes: u32) -> Self {
        assert!(
            probes > 0 && probes <= packed_state::MAX_PERMITS,
            "success_threshold_of makes between 1 and 63 probes"
        );
        assert!(
            successes > 0 && successes <= probes,
            "success_threshold_of waits for at least 1 success and at most as many as there are probes"
        );
        self.settings.verdict = Verdict::of(successes as u64, probes as u64);
        self
    }

    /// Opens a half-open circuit again when `percent` of `probes` have failed, and closes it when all are back and fewer have.
    ///
    /// It opens as soon as so many have failed, and waits for all probes to close.
    ///
    /// # Panics
    /// If `percent` is not between 1 and 100, or `probes` not between 1 and 63; at compile time in a `static`.
    #[must_use]
    pub const fn half_open_failure_rate(mut self, percent: u32, probes: u32) -> Self {
        assert!(
            percent > 0 && percent <= 100,
            "half_open_failure_rate takes a percentage from 1 to 100"
        );
        assert!(
            probes > 0 && probes <= packed_state::MAX_PERMITS,
            "half_open_failure_rate makes between 1 and 63 probes"
        );
        self.settings.verdict = Verdict::rate(percent as u64, probes as u64);
        self
    }

    /// How long the attempt that is a probe may take, where its function allows it longer; as long as any other unless told.
    ///
    /// A probe that is cut off has failed. A sync function cannot be cut off, nor what is done with a [`Permit`](crate::Permit): there it is
    /// of no effect.
    ///
    /// # Panics
    /// If it is zero; at compile time in a `static`.
    #[must_use]
    pub const fn half_open_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "half_open_timeout has to be longer than zero"
        );
        self.settings.half_open_timeout = Some(timeout);
        self
    }

    /// How long a probe may take before it counts as lost and another is let through; 10 s unless told, and never less than
    /// the timeout of the attempt that is the probe; at most 8 minutes.
    ///
    /// Of several probes at once the newest is waited for. What becomes of one that was lost counts for nothing.
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
