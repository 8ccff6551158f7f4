//! Entries that were sent, and of which nobody knows whether they were executed.

use std::collections::HashMap;

use redis::RedisError;
use redis_resilient_runtime::Class;

/// When each of them was first sent. There are no more of them than are executed beside each other: the entries behind them wait.
#[derive(Debug, Default)]
pub(crate) struct Unsure(HashMap<u64, u64>);

impl Unsure {
    /// When that one was first sent, if nobody knows what became of it.
    pub(crate) fn since(&self, number: u64) -> Option<u64> {
        self.0.get(&number).copied()
    }

    /// That one was sent at that time, and is not done with.
    pub(crate) fn failed(&mut self, number: u64, sent_at_ms: u64, error: &RedisError) {
        if may_have_run(error) {
            self.0.entry(number).or_insert(sent_at_ms);
        }
    }

    /// That one is done with.
    pub(crate) fn ended(&mut self, number: u64) {
        self.0.remove(&number);
    }
}

/// Whether a write that failed like this may have been executed nevertheless.
pub(crate) fn may_have_run(error: &RedisError) -> bool {
    matches!(Class::of(error), Class::Ambiguous | Class::NotIdempotent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis_resilient_runtime::__seam::tagged;

    #[test]
    fn it_counts_from_when_it_was_first_sent_until_it_is_done() {
        let failed = |class| tagged(class, std::io::Error::other("for a test"));
        let mut unsure = Unsure::default();
        unsure.failed(7, 100, &failed(Class::Unreachable));
        assert_eq!(unsure.since(7), None);
        unsure.failed(7, 200, &failed(Class::Ambiguous));
        unsure.failed(7, 300, &failed(Class::NotIdempotent));
        assert_eq!(unsure.since(7), Some(200));
        unsure.ended(7);
        assert_eq!(unsure.since(7), None);
    }
}
