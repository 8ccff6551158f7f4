//! What can be said of a breaker.

use std::time::Duration;

use super::overlay::Overlay;

/// What is said of one breaker. The rest stays as it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct BreakerOverride {
    pub failure_threshold: Option<u32>,
    /// In percent.
    pub failure_rate: Option<u32>,
    pub min_calls: Option<u32>,
    pub window: Option<Duration>,
    pub burst_window: Option<Duration>,
    pub reset_timeout: Option<Duration>,
    pub reset_timeout_max: Option<Duration>,
    pub half_open_permits: Option<u32>,
    pub success_threshold: Option<u32>,
    pub half_open_timeout: Option<Duration>,
    pub probe_lease: Option<Duration>,
}

impl Overlay for BreakerOverride {
    fn overlay(&mut self, over: &Self) {
        self.failure_threshold = over.failure_threshold.or(self.failure_threshold);
        self.failure_rate = over.failure_rate.or(self.failure_rate);
        self.min_calls = over.min_calls.or(self.min_calls);
        self.window = over.window.or(self.window);
        self.burst_window = over.burst_window.or(self.burst_window);
        self.reset_timeout = over.reset_timeout.or(self.reset_timeout);
        self.reset_timeout_max = over.reset_timeout_max.or(self.reset_timeout_max);
        self.half_open_permits = over.half_open_permits.or(self.half_open_permits);
        self.success_threshold = over.success_threshold.or(self.success_threshold);
        self.half_open_timeout = over.half_open_timeout.or(self.half_open_timeout);
        self.probe_lease = over.probe_lease.or(self.probe_lease);
    }
}
