//! How long something has not answered: the server of a connection, or those that have some of a cluster's slots.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

// Each is a hint by itself; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// When silence is too long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LivenessLimits {
    /// Commands in a row that got no answer.
    pub(crate) unanswered: u32,
    /// After a time without commands that is as long as this, in milliseconds, one is enough.
    pub(crate) idle_ms: u64,
}

/// What has been heard, and what not. Times are in milliseconds.
#[derive(Debug)]
pub(crate) struct Liveness {
    /// Commands in a row that got no answer.
    unanswered: AtomicU32,
    /// When an answer came last.
    answered_ms: AtomicU64,
    /// When the first command was sent of those since then; 0 if there is none.
    asked_ms: AtomicU64,
}

impl Liveness {
    /// Just connected: the handshake was an answer.
    pub(crate) const fn new(now_ms: u64) -> Self {
        Self {
            unanswered: AtomicU32::new(0),
            answered_ms: AtomicU64::new(now_ms),
            asked_ms: AtomicU64::new(0),
        }
    }

    /// A command is sent.
    pub(crate) fn asked(&self, now_ms: u64) {
        if self.asked_ms.load(ORDER) == 0 {
            self.asked_ms.store(now_ms, ORDER);
        }
    }

    /// An answer came.
    pub(crate) fn answered(&self, now_ms: u64) {
        if self.unanswered.load(ORDER) != 0 {
            self.unanswered.store(0, ORDER);
        }
        self.asked_ms.store(0, ORDER);
        self.answered_ms.store(now_ms, ORDER);
    }

    /// Since when there was no answer, at this time.
    pub(crate) fn lasts_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.answered_ms.load(ORDER))
    }

    /// No answer came in time. Whether that is too long now.
    pub(crate) fn timed_out(&self, limits: LivenessLimits) -> bool {
        let asked_ms = self.asked_ms.load(ORDER);
        self.unanswered.fetch_add(1, ORDER).saturating_add(1) >= limits.unanswered
            || self.lasts_ms(asked_ms) >= limits.idle_ms
    }

    /// A caller has stopped waiting. That says nothing, unless nothing at all has been heard for so long.
    pub(crate) fn left_alone(&self, now_ms: u64, limit_ms: u64) -> bool {
        let asked_ms = self.asked_ms.load(ORDER);
        asked_ms != 0 && now_ms.saturating_sub(asked_ms) >= limit_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: LivenessLimits = LivenessLimits {
        unanswered: 2,
        idle_ms: 1000,
    };

    #[test]
    fn timeouts_in_a_row_are_too_long() {
        let liveness = Liveness::new(1000);
        liveness.asked(1000);
        assert!(!liveness.timed_out(LIMITS));
        liveness.answered(1001);
        liveness.asked(1002);
        assert!(!liveness.timed_out(LIMITS), "there was an answer between");
        assert!(liveness.timed_out(LIMITS));
    }

    #[test]
    fn one_timeout_is_after_a_time_without_commands() {
        let liveness = Liveness::new(1000);
        liveness.asked(1999);
        assert!(!liveness.timed_out(LIMITS));
        liveness.answered(2100);
        liveness.asked(3100);
        assert!(liveness.timed_out(LIMITS));
    }

    #[test]
    fn callers_that_leave_say_it_only_when_nothing_was_heard_for_long() {
        let liveness = Liveness::new(1000);
        liveness.asked(1000);
        assert!(!liveness.left_alone(1100, 500));
        liveness.answered(1150);
        liveness.asked(1200);
        assert!(!liveness.left_alone(1300, 500));
        liveness.asked(1400);
        assert!(!liveness.left_alone(1699, 500));
        assert!(liveness.left_alone(1700, 500));
    }

    #[test]
    fn it_lasts_since_the_last_answer() {
        let liveness = Liveness::new(1000);
        assert_eq!(liveness.lasts_ms(1500), 500);
        liveness.answered(1400);
        assert_eq!(liveness.lasts_ms(1500), 100);
        assert_eq!(liveness.lasts_ms(0), 0, "a clock may go back");
    }
}
