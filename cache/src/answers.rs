//! What calls of one function share that have the same key: `coalesce` and `stale` of `redis_resilient`.
//!
//! * One run of the fallback: while one call is in it, the others wait for what it comes to (`lead`).
//! * The last good value, for as long as it may stand in for an error (`last`).
//!
//! All of it is in this process, and nothing is encoded: values are cloned.

mod by_type;
mod last;
pub(crate) mod lead;

use std::fmt;
use std::time::Duration;

use redis_resilient_runtime::__seam::cause::Left;

use self::by_type::ByType;
use self::last::{Last, Remembers};
use self::lead::{Leader, Leads};
use crate::events::Events;
use crate::key::Key;
use crate::served::{self, Served};

/// A value that several calls can have.
#[diagnostic::on_unimplemented(
    message = "with `coalesce` or `stale`, calls with the same key share a value, and a `{Self}` cannot be given to several",
    label = "each of the calls has to get a clone of it",
    note = "derive `Clone` for `{Self}`, or return an `Arc` of it; it has to be `Send`, `Sync` and `'static` as well"
)]
pub trait SharedValue: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> SharedValue for T {}

/// What is static of a function.
pub struct Answers {
    /// The function's.
    name: &'static str,
    /// How old a value may be that stands in for an error. Zero: none does.
    stale: Duration,
    leads: ByType,
    last: ByType,
}

#[allow(missing_docs, reason = "for expansions")]
impl Answers {
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            stale: Duration::ZERO,
            leads: ByType::new(),
            last: ByType::new(),
        }
    }

    /// # Panics
    /// If it is zero; at compile time in a `static`.
    #[must_use]
    pub const fn stale(mut self, stale: Duration) -> Self {
        assert!(
            !stale.is_zero(),
            "`stale` cannot be zero: leave it out to serve no stale value"
        );
        self.stale = stale;
        self
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers")
            .field("name", &self.name)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

/// One call of the function, by its key.
pub struct Keyed<T: 'static> {
    answers: &'static Answers,
    key: Key,
    /// `None` if no stale value is served.
    last: Option<&'static dyn Remembers<T>>,
}

/// One call of the function, by its key. What a value has to be is asked for here and in [`leads`], and nowhere else: that is told once.
#[must_use]
pub fn keyed<T: SharedValue>(answers: &'static Answers, key: Key) -> Keyed<T> {
    let last = || -> &'static dyn Remembers<T> { answers.last.get(|| Last::new(answers.stale)) };
    Keyed {
        answers,
        key,
        last: (!answers.stale.is_zero()).then(last),
    }
}

/// Who runs the fallback of that function.
#[must_use]
pub fn leads<T: SharedValue, E: 'static>(call: &Keyed<T>) -> &'static Leads<T, E> {
    call.answers.leads.get(Leads::new)
}

#[allow(missing_docs, reason = "for expansions")]
impl<T> Keyed<T> {
    /// The lead of the fallback's run; `Err`: what another call's run has come to.
    ///
    /// # Errors
    /// That is no error, unless that run has ended with one.
    pub async fn lead<E>(&self, leads: &Leads<T, E>) -> Result<Leader<T, E>, Result<T, E>> {
        leads.enter(self.key.as_str()).await
    }

    /// The same, by blocking the thread.
    ///
    /// # Errors
    /// That is no error, unless that run has ended with one.
    pub fn lead_blocking<E>(&self, leads: &Leads<T, E>) -> Result<Leader<T, E>, Result<T, E>> {
        leads.enter_blocking(self.key.as_str())
    }

    /// Keeps a good value.
    pub fn keep(&self, value: &T) {
        if let Some(last) = self.last {
            last.keep(self.key.as_str(), value);
        }
    }

    /// The last good value, if it is not too old; which is told.
    #[must_use]
    pub fn stale(&self) -> Option<T> {
        let (value, age) = self.last?.get(self.key.as_str())?;
        served::note(Served::Stale { overdue: age });
        Events::of(self.answers.name).stale_served(age, true);
        Some(value)
    }

    /// In place of an error, the last good value.
    ///
    /// # Errors
    /// If there is none.
    pub fn or_stale<E>(&self, result: Result<T, E>) -> Result<T, E> {
        result.or_else(|error| self.stale().ok_or(error))
    }

    /// The same of what the function itself has come to: if it is good, it is kept.
    ///
    /// # Errors
    /// If there is no good value.
    pub fn kept<E>(&self, result: Result<T, E>) -> Result<T, E> {
        if let Ok(value) = &result {
            self.keep(value);
        }
        self.or_stale(result)
    }
}

impl<T> fmt::Debug for Keyed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyed").field(&self.key).finish()
    }
}

/// Neither a fallback nor a stale value answers: nobody is to be told of what was left for them.
pub fn unanswered() {
    drop(Left::take());
}

#[cfg(test)]
mod tests;
