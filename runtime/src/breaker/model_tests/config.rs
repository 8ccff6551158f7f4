//! What a breaker of these tests is built from.

use std::time::Duration;

use crate::breaker::Breaker;

#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    InARow {
        failures: u32,
    },
    OfLast {
        failures: u32,
        calls: u32,
    },
    Rate {
        percent: u32,
        min_calls: u32,
        within_ms: u64,
    },
    RateOfCalls {
        percent: u32,
        calls: u32,
        min_calls: u32,
    },
    RateOfTime {
        percent: u32,
        within_ms: u64,
        min_calls: u32,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Config {
    pub(super) rule: Rule,
    pub(super) burst_window_ms: u64,
    pub(super) first_ms: u64,
    pub(super) max_ms: u64,
    pub(super) successes: u32,
    pub(super) probes: u32,
    /// Whether `probes` is set; else `successes` are waited for, and no failure.
    pub(super) sets_probes: bool,
    pub(super) permits: u32,
    pub(super) lease_ms: u64,
    /// The share of failed probes that opens it again, in place of a number of successes.
    pub(super) probe_percent: Option<u32>,
    /// The share of slow calls that opens it, and how long they take; for the rules that slide.
    pub(super) slow: Option<(u32, u64)>,
}

impl Rule {
    pub(super) const fn slides(self) -> bool {
        matches!(self, Self::RateOfCalls { .. } | Self::RateOfTime { .. })
    }
}

impl Config {
    pub(super) fn build(&self) -> Breaker {
        let ms = Duration::from_millis;
        let breaker = Breaker::new("model")
            .burst_window(ms(self.burst_window_ms))
            .reset_timeout(ms(self.first_ms))
            .reset_timeout_max(ms(self.max_ms))
            .half_open_permits(self.permits)
            .probe_lease(ms(self.lease_ms));
        let breaker = match self.probe_percent() {
            Some(percent) => breaker.half_open_failure_rate(percent, self.probes),
            None if self.sets_probes => breaker.success_threshold_of(self.successes, self.probes),
            None => breaker.success_threshold(self.successes),
        };
        let breaker = match self.rule {
            Rule::InARow { failures } => breaker.failure_threshold(failures),
            Rule::OfLast { failures, calls } => breaker.failure_threshold_of(failures, calls),
            Rule::Rate {
                percent,
                min_calls,
                within_ms,
            } => breaker.failure_rate(percent, min_calls, ms(within_ms)),
            Rule::RateOfCalls {
                percent,
                calls,
                min_calls,
            } => breaker.failure_rate_of_calls(percent, calls, min_calls),
            Rule::RateOfTime {
                percent,
                within_ms,
                min_calls,
            } => breaker.failure_rate_of_time(percent, ms(within_ms), min_calls),
        };
        match self.slow() {
            Some((percent, from_ms)) => breaker.slow_call_rate(percent, ms(from_ms)),
            None => breaker,
        }
    }

    pub(super) fn probe_percent(&self) -> Option<u32> {
        self.probe_percent.filter(|_| self.sets_probes)
    }

    /// How many probes may still be let through, after so many are back.
    pub(super) const fn wanted(&self, back: u32) -> u32 {
        if self.sets_probes {
            self.probes - back
        } else {
            u32::MAX
        }
    }

    pub(super) fn slow(&self) -> Option<(u32, u64)> {
        self.slow.filter(|_| self.rule.slides())
    }

    /// Doubled each time, capped, and spread by a tenth either way.
    pub(super) fn period_ms(&self, streak: u32, random: u32) -> u64 {
        let whole = (0..streak).fold(self.first_ms, |period, _| (period * 2).min(self.max_ms));
        let tenth = whole / 10;
        let spread = u128::from(2 * tenth) * u128::from(random) / u128::from(u32::MAX);
        whole - tenth + u64::try_from(spread).expect("it is below twice a tenth")
    }
}
