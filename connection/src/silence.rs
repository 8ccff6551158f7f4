//! How long something has not answered: the server of a connection, or those that have some of a cluster's slots.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

// Each is a hint by itself; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// When silence is too long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Commands in a row that got no answer.
    pub(super) unanswered: u32,
    /// After a time without commands that is as long as this, in milliseconds, one is enough.
    pub(super) idle_ms: u64,
}

/// What has been heard, and what not. Times are in milliseconds.
#[derive(Debug)]
pub(super) struct Silence {
    /// Commands in a row that got no answer.
    unanswered: AtomicU32,
    /// When an answer came last.
    answered_ms: AtomicU64,
    /// When the first command was sent of those since then; 0 if there is none.
    asked_ms: AtomicU64,
}

impl Silence {
    /// Just connected: the handshake was an answer.
    pub(super) const fn new(now_ms: u64) -> Self {
        Self {
            unanswered: AtomicU32::new(0),
            answered_ms: AtomicU64::new(now_ms),
            asked_ms: AtomicU64::new(0),
        }
    }

    /// A command is sent.
    pub(super) fn asked(&self, now_ms: u64) {
        if self.asked_ms.load(ORDER) == 0 {
            self.asked_ms.store(now_ms, ORDER);
        }
    }

    /// An answer came.
    pub(super) fn answered(&self, now_ms: u64) {
        if self.unanswered.load(ORDER) != 0 {
            self.unanswered.store(0, ORDER);
        }
        self.asked_ms.store(0, ORDER);
        self.answered_ms.store(now_ms, ORDER);
    }

    /// Since when there was no answer, at this time.
    pub(super) fn lasts_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.answered_ms.load(ORDER))
    }

    /// No answer came in time. Whether that is too long now.
    pub(super) fn timed_out(&self, patience: Patience) -> bool {
        let asked_ms = self.asked_ms.load(ORDER);
        self.unanswered.fetch_add(1, ORDER).saturating_add(1) >= patience.unanswered
            || self.lasts_ms(asked_ms) >= patience.idle_ms
    }

    /// A caller has stopped waiting. That says nothing, unless nothing at all has been heard for so long.
    pub(super) fn left_alone(&self, now_ms: u64, limit_ms: u64) -> bool {
        let asked_ms = self.asked_ms.load(ORDER);
        asked_ms != 0 && now_ms.saturating_sub(asked_ms) >= limit_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        unanswered: 2,
        idle_ms: 1000,
    };

    #[test]
    fn timeouts_in_a_row_are_too_long() {
        let silence = Silence::new(1000);
        silence.asked(1000);
        assert!(!silence.timed_out(PATIENCE));
        silence.answered(1001);
        silence.asked(1002);
        assert!(!silence.timed_out(PATIENCE), "there was an answer between");
        assert!(silence.timed_out(PATIENCE));
    }

    #[test]
    fn one_timeout_is_after_a_time_without_commands() {
        let silence = Silence::new(1000);
        silence.asked(1999);
        assert!(!silence.timed_out(PATIENCE));
        silence.answered(2100);
        silence.asked(3100);
        assert!(silence.timed_out(PATIENCE));
    }

    #[test]
    fn callers_that_leave_say_it_only_when_nothing_was_heard_for_long() {
        let silence = Silence::new(1000);
        silence.asked(1000);
        assert!(!silence.left_alone(1100, 500));
        silence.answered(1150);
        silence.asked(1200);
        assert!(!silence.left_alone(1300, 500));
        silence.asked(1400);
        assert!(!silence.left_alone(1699, 500));
        assert!(silence.left_alone(1700, 500));
    }

    #[test]
    fn it_lasts_since_the_last_answer() {
        let silence = Silence::new(1000);
        assert_eq!(silence.lasts_ms(1500), 500);
        silence.answered(1400);
        assert_eq!(silence.lasts_ms(1500), 100);
        assert_eq!(silence.lasts_ms(0), 0, "a clock may go back");
    }
}
