//! Leave to make one attempt, given back whatever becomes of it.

use std::error::Error;

use super::admission::Admission;
use super::{Breaker, Outcome};
use crate::Class;
use crate::cause::{Cause, Description};
use crate::event::Severity;
use crate::observer;

/// Leave to make one attempt, to be settled with what came of it.
///
/// Dropped without being settled, as a cancelled future drops it, it says nothing about Redis and goes back; dropped while its
/// thread panics it counts as a failure.
#[derive(Debug)]
#[must_use = "settle it with `success`, `failure` or `neutral`"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    // Two words in all: more, and a permit is moved through memory, on a path that is otherwise two loads.
    admission: Admission,
}

impl<'a> Permit<'a> {
    #[inline]
    pub(super) const fn new(breaker: &'a Breaker, admission: Admission) -> Self {
        Self { breaker, admission }
    }

    /// Redis answered.
    #[inline]
    pub fn success(self) {
        self.breaker.succeeded(self.admission);
        std::mem::forget(self);
    }

    /// Redis did not answer, or not as a healthy one does.
    #[inline]
    pub fn failure(self) {
        self.settle(Outcome::Failure);
    }

    /// Nothing was learned about Redis.
    #[inline]
    pub fn neutral(self) {
        self.settle(Outcome::Neutral);
    }

    /// The attempt failed, and this is what the failure means: [`Class`] says what each is for the breaker.
    pub fn failed(self, class: Class) {
        let cause = Cause {
            class: Some(class),
            ..Cause::NONE
        };
        self.settle_by(class.settlement(), &cause);
    }

    /// As [`failed`](Self::failed), with the class of this error: events tell what it says.
    ///
    /// For `anyhow::Error` and `Box<dyn Error>` pass `error.as_ref()`.
    ///
    /// ```
    /// use redis_resilient::Breaker;
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions");
    ///
    /// fn ping(conn: &mut redis::Connection) -> redis::RedisResult<()> {
    ///     let permit = SESSIONS.try_acquire()?;
    ///     let answer = redis::cmd("PING").query(conn);
    ///     match &answer {
    ///         Ok(()) => permit.success(),
    ///         Err(error) => permit.failed_with(error),
    ///     }
    ///     answer
    /// }
    /// ```
    pub fn failed_with(self, error: &(dyn Error + 'static)) {
        let class = Class::of(error);
        let description = observer::wants(Severity::Error).then(|| Description::of(class, error));
        let cause = Cause {
            class: Some(class),
            why: description.as_ref().into(),
            ..Cause::NONE
        };
        self.settle_by(class.settlement(), &cause);
    }

    fn settle(self, outcome: Outcome) {
        self.breaker.settle(self.admission, outcome);
        std::mem::forget(self);
    }

    fn settle_by(self, outcome: Outcome, cause: &Cause<'_>) {
        self.breaker.settle_by(self.admission, outcome, cause);
        std::mem::forget(self);
    }

    /// Whether this attempt decides if a half-open circuit closes.
    #[must_use]
    #[inline]
    pub const fn is_probe(&self) -> bool {
        self.admission.is_probe()
    }

    #[cfg(test)]
    pub(super) const fn generation(&self) -> u64 {
        self.admission.generation()
    }

    /// Runs `code` as a part of this attempt.
    #[cfg(test)]
    pub(crate) fn inside(&self, code: impl FnOnce()) {
        super::probing::enter(self.breaker, self.admission);
        code();
        super::probing::leave();
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.breaker.abandoned(self.admission);
    }
}
