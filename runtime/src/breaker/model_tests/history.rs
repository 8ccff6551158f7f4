//! What the model's closed circuit remembers: the calls themselves, one by one.

use std::collections::VecDeque;

use super::config::{Config, Rule};

#[derive(Debug)]
pub(super) struct History {
    /// The calls that the rule looks back on.
    calls: VecDeque<Call>,
    /// The last failure that was not part of another.
    last_failure_ms: Option<u64>,
    /// When the first call ended: a window of time is in tenths from there.
    first_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    ended_ms: u64,
    failed: bool,
    slow: bool,
}

impl History {
    pub(super) const NONE: Self = Self {
        calls: VecDeque::new(),
        last_failure_ms: None,
        first_ms: None,
    };

    /// One more call, and whether it opens the circuit.
    pub(super) fn opens_with(
        &mut self,
        (failed, slow): (bool, bool),
        config: &Config,
        now_ms: u64,
    ) -> bool {
        let call = Call {
            ended_ms: now_ms,
            failed,
            slow,
        };
        let opens = match config.rule {
            Rule::InARow { failures } => {
                if failed && self.is_part_of_the_last(config.burst_window_ms, now_ms) {
                    return false;
                }
                if failed {
                    self.calls.push_back(call);
                } else {
                    self.calls.clear();
                }
                self.failed() >= failures as usize
            }
            Rule::OfLast { failures, calls } => {
                if failed && self.is_part_of_the_last(config.burst_window_ms, now_ms) {
                    return false;
                }
                self.push(call, calls);
                self.failed() >= failures as usize
            }
            Rule::Rate {
                percent,
                min_calls,
                within_ms,
            } => {
                // It begins with a failure.
                let start_ms = self.calls.front().map(|call| call.ended_ms);
                if start_ms.is_none_or(|start_ms| now_ms >= start_ms + within_ms) {
                    self.calls.clear();
                }
                if failed || !self.calls.is_empty() {
                    self.calls.push_back(call);
                }
                self.has_share(percent, min_calls)
            }
            Rule::RateOfCalls {
                percent,
                calls,
                min_calls,
            } => {
                self.push(call, calls);
                self.has_share(percent, min_calls.min(calls))
                    || self.is_slow(config, min_calls.min(calls))
            }
            Rule::RateOfTime {
                percent,
                within_ms,
                min_calls,
            } => {
                let first_ms = *self.first_ms.get_or_insert(now_ms);
                let tenth = |at_ms: u64| (at_ms - first_ms) / within_ms.div_ceil(10);
                self.calls.push_back(call);
                self.calls
                    .retain(|call| tenth(call.ended_ms) + 10 > tenth(now_ms));
                self.has_share(percent, min_calls) || self.is_slow(config, min_calls)
            }
        };
        if failed {
            self.last_failure_ms = Some(now_ms);
        }
        opens
    }

    /// Those that a snapshot has.
    pub(super) fn failures(&self, rule: Rule, now_ms: u64) -> u32 {
        let start_ms = self.calls.front().map(|call| call.ended_ms);
        let counts = |call: &&Call| match (rule, start_ms) {
            (Rule::Rate { within_ms, .. }, Some(start_ms)) => now_ms < start_ms + within_ms,
            (Rule::RateOfTime { within_ms, .. }, _) => {
                let first_ms = self.first_ms.unwrap_or_default();
                let tenth = |at_ms: u64| (at_ms - first_ms) / within_ms.div_ceil(10);
                tenth(call.ended_ms) + 10 > tenth(now_ms)
            }
            _ => true,
        };
        let failed = self.calls.iter().filter(counts).filter(|call| call.failed);
        u32::try_from(failed.count()).expect("there are few")
    }

    fn push(&mut self, call: Call, most: u32) {
        self.calls.push_back(call);
        if self.calls.len() > most as usize {
            self.calls.pop_front();
        }
    }

    fn is_part_of_the_last(&self, burst_window_ms: u64, now_ms: u64) -> bool {
        let last_ms = self.last_failure_ms.filter(|_| self.failed() > 0);
        last_ms.is_some_and(|last_ms| now_ms < last_ms + burst_window_ms)
    }

    fn failed(&self) -> usize {
        self.calls.iter().filter(|call| call.failed).count()
    }

    fn has_share(&self, percent: u32, min_calls: u32) -> bool {
        self.calls.len() >= min_calls as usize
            && self.failed() * 100 >= self.calls.len() * percent as usize
    }

    fn is_slow(&self, config: &Config, min_calls: u32) -> bool {
        let slow = self.calls.iter().filter(|call| call.slow).count();
        config.slow().is_some_and(|(percent, _)| {
            self.calls.len() >= min_calls as usize
                && slow * 100 >= self.calls.len() * percent as usize
        })
    }
}
