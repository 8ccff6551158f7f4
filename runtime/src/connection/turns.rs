//! Whose turn it is to connect, after a connect that failed: all who ask share the failure, whatever runtime they are on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::{ErrorKind, RedisError, RedisResult};

use super::failed::Failed;
use crate::clock::now_ms;

/// The last connect, if it failed.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Option<Failed>>);

impl Turns {
    /// What whoever wants a connection now is told; `None`: it is time to try.
    pub(super) fn rest(&self) -> Option<RedisError> {
        self.failed().as_ref()?.rest(now_ms())
    }

    /// Leave to try. While a failure is on record one tries, for so long at most, and the others fail as the last one did.
    pub(super) fn begin(&self, limit_ms: u64) -> RedisResult<Turn<'_>> {
        let mut failed = self.failed();
        let now_ms = now_ms();
        let before = failed.clone();
        if let Some(failed) = &mut *failed {
            if let Some(error) = failed.rest(now_ms) {
                return Err(error);
            }
            failed.rests_until(now_ms.saturating_add(limit_ms));
        }
        Ok(Turn {
            turns: self,
            before,
            is_over: false,
        })
    }

    fn failed(&self) -> MutexGuard<'_, Option<Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to try.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    before: Option<Failed>,
    is_over: bool,
}

impl Turn<'_> {
    /// This has come of it.
    pub(super) fn end<T>(mut self, outcome: &RedisResult<T>) {
        self.is_over = true;
        let failure = outcome.as_ref().err();
        let failed = failure.map(|error| self.failed_with(error.clone()));
        *self.turns.failed() = failed;
    }

    fn failed_with(&self, error: RedisError) -> Failed {
        Failed::after(self.before.as_ref(), error, now_ms())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if std::thread::panicking() {
            // It has failed, or the next would be the next to panic, and so on without end.
            let what = "connecting has panicked, with a message of its own";
            let error = RedisError::from((ErrorKind::InvalidClientConfig, what));
            *self.turns.failed() = Some(self.failed_with(error));
        } else if let Some(failed) = &mut *self.turns.failed() {
            // Its runtime is gone: the next may try at once.
            failed.rests_until(now_ms());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> RedisResult<()> {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        Err(refused.into())
    }

    /// With a failure on record, and the rest over.
    fn after_a_failure() -> Turns {
        let turns = Turns::default();
        turns.begin(1000).expect("the first").end(&refused());
        assert!(turns.rest().is_some());
        turns.over();
        assert!(turns.rest().is_none());
        turns
    }

    impl Turns {
        fn over(&self) {
            if let Some(failed) = &mut *self.failed() {
                failed.rests_until(0);
            }
        }
    }

    #[test]
    fn all_may_try_while_nothing_has_failed() {
        let turns = Turns::default();
        let (one, other) = (turns.begin(1000), turns.begin(1000));
        assert!(one.is_ok() && other.is_ok());
    }

    #[test]
    fn one_tries_after_a_failure_and_the_others_fail_as_the_last_one_did() {
        let turns = after_a_failure();
        let turn = turns.begin(60_000).expect("it is time");
        assert!(turns.rest().is_some());
        assert!(turns.begin(60_000).is_err());
        turn.end(&Ok(()));
        assert!(turns.rest().is_none());
        assert!(turns.begin(60_000).is_ok());
    }

    #[test]
    fn one_that_does_not_come_back_makes_room_in_the_end() {
        let turns = after_a_failure();
        std::mem::forget(turns.begin(0).expect("it is time"));
        assert!(turns.begin(60_000).is_ok());
    }

    #[test]
    fn one_that_is_dropped_makes_room_at_once() {
        let turns = after_a_failure();
        drop(turns.begin(60_000).expect("it is time"));
        assert!(turns.begin(60_000).is_ok());
    }

    #[test]
    fn one_that_panics_has_failed() {
        let turns = Turns::default();
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _turn = turns.begin(1000);
            panic!("as it happens");
        }));
        assert!(tried.is_err());
        let error = turns.rest().expect("it has failed");
        assert!(error.to_string().contains("panicked"), "{error}");
    }
}
