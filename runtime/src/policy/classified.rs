//! A policy for closures whose errors are told apart by a function.

use std::fmt;
use std::marker::PhantomData;

use super::failure::Readable;
use super::{Policy, run, run_blocking};
use crate::Class;
use crate::diagnosis::Diagnosis;

/// A [`Policy`] with a function that says what an error means; made by [`Policy::classify`]. It is `Copy` where the function is.
pub struct ClassifiedPolicy<'p, E, C> {
    policy: &'p Policy,
    class: C,
    error: PhantomData<fn(&E)>,
}

impl<'p, E, C: Fn(&E) -> Class> ClassifiedPolicy<'p, E, C> {
    pub(super) const fn new(policy: &'p Policy, class: C) -> Self {
        Self {
            policy,
            class,
            error: PhantomData,
        }
    }
}

impl<E, C: Fn(&E) -> Class> ClassifiedPolicy<'_, E, C> {
    /// As [`Policy::run`].
    ///
    /// # Errors
    /// Those of [`Policy::run`].
    pub async fn run<T, F, Via>(self, body: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Readable<Via>,
    {
        run::run(self.policy, body, |error| self.diagnosis(error)).await
    }

    /// As [`Policy::run_or`].
    ///
    /// # Errors
    /// Those of [`Policy::run_or`].
    pub async fn run_or<T, F, Via>(
        self,
        body: impl FnMut() -> F,
        fallback: impl AsyncFnOnce(E) -> Result<T, E>,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Readable<Via>,
    {
        run::run_or(self.policy, body, fallback, |error| self.diagnosis(error)).await
    }

    /// As [`Policy::run_blocking`].
    ///
    /// # Errors
    /// Those of [`Policy::run_blocking`].
    pub fn run_blocking<T, Via>(self, body: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        E: Readable<Via>,
    {
        run_blocking::run(self.policy, body, |error| self.diagnosis(error))
    }

    /// As [`Policy::run_blocking_or`].
    ///
    /// # Errors
    /// Those of [`Policy::run_blocking_or`].
    pub fn run_blocking_or<T, Via>(
        self,
        body: impl FnMut() -> Result<T, E>,
        fallback: impl FnOnce(E) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: Readable<Via>,
    {
        run_blocking::run_or(self.policy, body, fallback, |error| self.diagnosis(error))
    }

    fn diagnosis<Via>(&self, error: &E) -> Diagnosis
    where
        E: Readable<Via>,
    {
        Diagnosis::said((self.class)(error), Some(error.readable()))
    }
}

impl<E, C: Clone> Clone for ClassifiedPolicy<'_, E, C> {
    fn clone(&self) -> Self {
        Self {
            policy: self.policy,
            class: self.class.clone(),
            error: PhantomData,
        }
    }
}

impl<E, C: Copy> Copy for ClassifiedPolicy<'_, E, C> {}

impl<E, C> fmt::Debug for ClassifiedPolicy<'_, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClassifiedPolicy")
            .field("policy", self.policy)
            .finish_non_exhaustive()
    }
}
