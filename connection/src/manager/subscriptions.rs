//! When subscriptions may connect, and look for the servers of a cluster.

pub(crate) mod gate;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::RedisResult;

use gate::Gate;

/// What a manager has for subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    pub(crate) gate: Gate,
    /// For those who want connections of redis-rs.
    callers: Gate,
    /// When the servers of a cluster were last asked who has the slots, in milliseconds. A hint by itself; nothing is published through it.
    looked_ms: AtomicU64,
}

impl Subscriptions {
    /// Whether somebody who does not wait may connect now; else why not.
    pub(crate) fn try_turn(&self, limit: Duration) -> RedisResult<()> {
        self.callers.try_turn(limit)
    }

    /// What became of it.
    pub(crate) fn done<T>(&self, connected: &RedisResult<T>) {
        self.callers.done(connected);
    }

    /// Whether it is time to ask the servers of a cluster who has the slots. It is for one of many.
    #[cfg_attr(not(feature = "cluster"), expect(dead_code))]
    pub(crate) fn is_look_due(&self, now_ms: u64, interval_ms: u64) -> bool {
        let looked_ms = self.looked_ms.load(Ordering::Relaxed);
        now_ms.saturating_sub(looked_ms) >= interval_ms
            && self
                .looked_ms
                .compare_exchange(looked_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}
