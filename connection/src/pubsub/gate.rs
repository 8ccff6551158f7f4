//! When a connector's subscriptions may connect: one at a time, and none too soon after one that failed.
//!
//! It holds for all tasks that connect, on whatever runtime. Whoever has its turn has it for a limited time: it may stand still.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::manager::failed::rest_ms;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};

/// How long to rest after a failure that comes again until somebody has done something about it, such as a wrong password.
pub(crate) const LONG_REST: Duration = Duration::from_secs(5);
/// A connection that was lost sooner counts as one that could not be made.
const STEADY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    until_ms: u64,
    error: Option<RedisError>,
}

impl Gate {
    /// Waits until it is one's turn to connect, for which there is so much time. Tells why it has to wait.
    pub(crate) async fn turn(&self, limit: Duration, tell: impl Fn(&RedisError)) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let (rest_ms, error) = {
                let mut state = self.state();
                let Some(rest_ms) = state.turn(now_ms(), whole_millis(limit)) else {
                    return;
                };
                (rest_ms, state.error.clone())
            };
            if let Some(error) = &error {
                tell(error);
            }
            let _ = timeout(Duration::from_millis(rest_ms), changed).await;
        }
    }

    /// For those who do not wait: the last failure, until it is one's turn. While there is none, it is everybody's.
    pub(crate) fn try_turn(&self, limit: Duration) -> RedisResult<()> {
        let mut state = self.state();
        match state.turn(now_ms(), whole_millis(limit)) {
            Some(_) => state.error.clone().map_or(Ok(()), Err),
            None => Ok(()),
        }
    }

    /// What became of it.
    pub(crate) fn done<T>(&self, connected: &RedisResult<T>) {
        match connected {
            Ok(_) => *self.state() = State::default(),
            Err(error) => {
                self.failed(error, true);
            }
        }
    }

    /// A connection was made.
    pub(crate) fn connected(&self) {
        {
            let mut state = self.state();
            (state.until_ms, state.error) = (0, None);
        }
        // That one lets in the next.
        self.changed.notify_one();
    }

    /// None could be made. How long the rest is that follows.
    pub(crate) fn failed(&self, error: &RedisError, passes: bool) -> Duration {
        let (is_first, rest_ms) = {
            let mut state = self.state();
            let now_ms = now_ms();
            state.fails(now_ms, passes, fastrand::u32(..));
            let is_first = state.error.replace(error.clone()).is_none();
            (is_first, state.until_ms.saturating_sub(now_ms))
        };
        if is_first {
            // They are told.
            self.changed.notify_waiters();
        }
        Duration::from_millis(rest_ms)
    }

    /// One that has lasted so long was lost.
    pub(crate) fn lost(&self, lasted: Duration) {
        self.state().loses(now_ms(), lasted, fastrand::u32(..));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// `None`: it is one's turn; else for how long it is not.
    fn turn(&mut self, now_ms: u64, limit_ms: u64) -> Option<u64> {
        if now_ms < self.until_ms {
            return Some(self.until_ms - now_ms);
        }
        self.until_ms = now_ms.saturating_add(limit_ms);
        None
    }

    fn fails(&mut self, now_ms: u64, passes: bool, random: u32) {
        let rest_ms = if passes {
            rest_ms(self.failures, random)
        } else {
            whole_millis(LONG_REST)
        };
        self.failures = self.failures.saturating_add(1);
        self.until_ms = now_ms.saturating_add(rest_ms);
    }

    fn loses(&mut self, now_ms: u64, lasted: Duration, random: u32) {
        // Several may be lost at once.
        if now_ms < self.until_ms {
            return;
        }
        if lasted >= STEADY {
            self.failures = 0;
        }
        self.fails(now_ms, true, random);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u32 = u32::MAX;

    #[test]
    fn one_at_a_time_and_no_longer_than_it_may() {
        let mut state = State::default();
        assert_eq!(state.turn(1000, 400), None);
        assert_eq!(state.turn(1100, 400), Some(300));
        assert_eq!(state.turn(1400, 400), None, "the first stands still");
    }

    #[test]
    fn who_does_not_wait_gets_the_last_failure_if_there_is_one() {
        let limit = Duration::from_secs(1);
        let gate = Gate::default();
        assert!(gate.try_turn(limit).is_ok() && gate.try_turn(limit).is_ok());
        gate.done::<()>(&Err(
            std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()
        ));
        assert!(gate.try_turn(limit).is_err());
        gate.done(&Ok(()));
        assert!(gate.try_turn(limit).is_ok());
    }

    #[test]
    fn rests_grow_and_a_failure_that_does_not_pass_rests_longest() {
        let mut state = State::default();
        for (now_ms, rest_ms) in [(1000, 25), (2000, 50), (3000, 100)] {
            assert_eq!(state.turn(now_ms, 400), None);
            state.fails(now_ms, true, MOST);
            assert_eq!(state.turn(now_ms, 400), Some(rest_ms));
        }
        state.fails(4000, false, MOST);
        assert_eq!(state.turn(4000, 400), Some(5000));
    }

    #[test]
    fn one_that_is_lost_at_once_is_as_one_that_was_never_made() {
        let mut state = State::default();
        let soon = Duration::from_millis(10);
        for (now_ms, rest_ms) in [(1000, 25), (2000, 50), (3000, 100)] {
            state.loses(now_ms, soon, MOST);
            state.loses(now_ms, soon, MOST);
            assert_eq!(state.turn(now_ms, 400), Some(rest_ms), "counted once");
        }
        state.loses(4000, STEADY, MOST);
        assert_eq!(state.turn(4000, 400), Some(25));
    }
}
