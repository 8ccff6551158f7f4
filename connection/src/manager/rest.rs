//! The rest after a connect that failed, which is for all who ask, whatever runtime they are on; and who tries again then.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{RedisError, RedisResult};

use super::failed::{Failed, panicked};
use redis_resilient_runtime::__seam::clock::now_ms;

/// The last connect, if it failed.
#[derive(Debug, Default)]
pub(crate) struct Rest(Mutex<Option<Failed>>);

impl Rest {
    /// What whoever wants a connection now is told; `None`: it is time to try.
    pub(crate) fn refusal(&self) -> Option<RedisError> {
        self.failed().as_ref()?.rest(now_ms())
    }

    /// Leave to try. While a failure is on record one tries, for so long at most, and the others fail as the last one did.
    pub(crate) fn begin(&self, limit_ms: u64) -> RedisResult<Turn<'_>> {
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
            rest: self,
            before,
            is_over: false,
        })
    }

    /// It is time to try, whatever has failed.
    pub(crate) fn ends(&self) {
        if let Some(failed) = &mut *self.failed() {
            failed.rests_until(now_ms());
        }
    }

    fn failed(&self) -> MutexGuard<'_, Option<Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to try.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    rest: &'a Rest,
    before: Option<Failed>,
    is_over: bool,
}

impl Turn<'_> {
    /// This has come of it. How long the rest is that follows.
    pub(crate) fn end<T>(mut self, outcome: &RedisResult<T>) -> Option<Duration> {
        self.is_over = true;
        let failure = outcome.as_ref().err();
        let failed = failure.map(|error| self.failed_with(error.clone()));
        let rest = failed.as_ref().map(|failed| failed.left(now_ms()));
        *self.rest.failed() = failed;
        rest
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
            *self.rest.failed() = Some(self.failed_with(panicked()));
        } else if let Some(failed) = &mut *self.rest.failed() {
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
    fn after_a_failure() -> Rest {
        let rest = Rest::default();
        rest.begin(1000).expect("the first").end(&refused());
        assert!(rest.refusal().is_some());
        rest.over();
        assert!(rest.refusal().is_none());
        rest
    }

    impl Rest {
        fn over(&self) {
            if let Some(failed) = &mut *self.failed() {
                failed.rests_until(0);
            }
        }
    }

    #[test]
    fn all_may_try_while_nothing_has_failed() {
        let rest = Rest::default();
        let (one, other) = (rest.begin(1000), rest.begin(1000));
        assert!(one.is_ok() && other.is_ok());
    }

    #[test]
    fn one_tries_after_a_failure_and_the_others_fail_as_the_last_one_did() {
        let rest = after_a_failure();
        let turn = rest.begin(60_000).expect("it is time");
        assert!(rest.refusal().is_some());
        assert!(rest.begin(60_000).is_err());
        turn.end(&Ok(()));
        assert!(rest.refusal().is_none());
        assert!(rest.begin(60_000).is_ok());
    }

    #[test]
    fn one_that_does_not_come_back_makes_room_in_the_end() {
        let rest = after_a_failure();
        std::mem::forget(rest.begin(0).expect("it is time"));
        assert!(rest.begin(60_000).is_ok());
    }

    #[test]
    fn one_that_is_dropped_makes_room_at_once() {
        let rest = after_a_failure();
        drop(rest.begin(60_000).expect("it is time"));
        assert!(rest.begin(60_000).is_ok());
    }

    #[test]
    fn one_that_panics_has_failed() {
        let rest = Rest::default();
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _turn = rest.begin(1000);
            panic!("as it happens");
        }));
        assert!(tried.is_err());
        let error = rest.refusal().expect("it has failed");
        assert!(error.to_string().contains("panicked"), "{error}");
    }
}
