//! What the model's closed circuit remembers: the calls themselves, one by one.

use std::collections::VecDeque;

use super::config::{Config, Rule};

#[derive(Debug)]
pub(super) struct History {
    /// The calls that the rule looks back on: when each ended, and whether it failed.
    calls: VecDeque<(u64, bool)>,
    /// The last failure that was not part of another.
    last_failure_ms: Option<u64>,
    /// When the first call ended: a window of time is in tenths from there.
    first_ms: Option<u64>,
}

impl History {
    pub(super) const NONE: Self = Self {
        calls: VecDeque::new(),
        last_failure_ms: None,
        first_ms: None,
    };

    /// One more call, and whether it opens the circuit.
    pub(super) fn opens_with(&mut self, failed: bool, config: &Config, now_ms: u64) -> bool {
        let opens = match config.rule {
            Rule::InARow { failures } => {
                if failed && self.is_part_of_the_last(config.lump_ms, now_ms) {
                    return false;
                }
                if failed {
                    self.calls.push_back((now_ms, true));
                } else {
                    self.calls.clear();
                }
                self.failed() >= failures as usize
            }
            Rule::OfLast { failures, calls } => {
                if failed && self.is_part_of_the_last(config.lump_ms, now_ms) {
                    return false;
                }
                self.push(failed, now_ms, calls);
                self.failed() >= failures as usize
            }
            Rule::Rate {
                percent,
                min_calls,
                within_ms,
            } => {
                // It begins with a failure.
                let start_ms = self.calls.front().map(|(ended_ms, _)| *ended_ms);
                if start_ms.is_none_or(|start_ms| now_ms >= start_ms + within_ms) {
                    self.calls.clear();
                }
                if failed || !self.calls.is_empty() {
                    self.calls.push_back((now_ms, failed));
                }
                self.has_share(percent, min_calls)
            }
            Rule::RateOfCalls {
                percent,
                calls,
                min_calls,
            } => {
                self.push(failed, now_ms, calls);
                self.has_share(percent, min_calls.min(calls))
            }
            Rule::RateOfTime {
                percent,
                within_ms,
                min_calls,
            } => {
                let first_ms = *self.first_ms.get_or_insert(now_ms);
                let tenth = |at_ms: u64| (at_ms - first_ms) / within_ms.div_ceil(10);
                self.calls.push_back((now_ms, failed));
                self.calls
                    .retain(|(ended_ms, _)| tenth(*ended_ms) + 10 > tenth(now_ms));
                self.has_share(percent, min_calls)
            }
        };
        if failed {
            self.last_failure_ms = Some(now_ms);
        }
        opens
    }

    /// Those that a snapshot has: a sliding window's are not among them.
    pub(super) fn failures(&self, rule: Rule) -> u32 {
        match rule {
            Rule::RateOfCalls { .. } | Rule::RateOfTime { .. } => 0,
            _ => u32::try_from(self.failed()).expect("there are few"),
        }
    }

    fn push(&mut self, failed: bool, now_ms: u64, most: u32) {
        self.calls.push_back((now_ms, failed));
        if self.calls.len() > most as usize {
            self.calls.pop_front();
        }
    }

    fn is_part_of_the_last(&self, lump_ms: u64, now_ms: u64) -> bool {
        let last_ms = self.last_failure_ms.filter(|_| self.failed() > 0);
        last_ms.is_some_and(|last_ms| now_ms < last_ms + lump_ms)
    }

    fn failed(&self) -> usize {
        self.calls.iter().filter(|(_, failed)| *failed).count()
    }

    fn has_share(&self, percent: u32, min_calls: u32) -> bool {
        self.calls.len() >= min_calls as usize
            && self.failed() * 100 >= self.calls.len() * percent as usize
    }
}
