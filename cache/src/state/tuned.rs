//! What settings say of a cache while it runs, in place of what its builder or its attribute said.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis_resilient_runtime::registry::CacheSettings;

use super::State;
use crate::settings::Settings;

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Tuned {
    // Nothing is published through it: whoever sees it set takes the lock.
    is_in_use: AtomicBool,
    said: RwLock<CacheSettings>,
}

impl Tuned {
    fn replace(&self, by: &CacheSettings) {
        let mut said = self.said.write().unwrap_or_else(PoisonError::into_inner);
        *said = *by;
        let is_in_use = *by != CacheSettings::default();
        self.is_in_use.store(is_in_use, Ordering::Relaxed);
    }

    /// `None`: nothing was said.
    #[inline]
    fn said(&self) -> Option<CacheSettings> {
        if self.is_in_use.load(Ordering::Relaxed) {
            Some(*self.said.read().unwrap_or_else(PoisonError::into_inner))
        } else {
            None
        }
    }
}

impl<T, C> State<T, C> {
    /// Goes by this from now on.
    pub(crate) fn goes_by(&self, said: &CacheSettings) {
        self.tuned.replace(said);
    }

    fn said<V>(
        &self,
        made: impl FnOnce(&Settings) -> V,
        said: impl FnOnce(&CacheSettings) -> Option<V>,
    ) -> V {
        let said = self.tuned.said().and_then(|all| said(&all));
        said.unwrap_or_else(|| made(&self.settings))
    }

    /// Whether it is used: else each read is a load.
    #[inline]
    pub(crate) fn is_enabled(&self) -> bool {
        self.said(|_| true, |said| said.enabled)
    }

    /// How long a value is good. Where each has a time of its own, that is at most this.
    pub(crate) fn ttl(&self) -> Duration {
        self.said(|made| made.ttl, |said| said.ttl)
    }

    pub(crate) fn negative_ttl(&self) -> Duration {
        let made = self.said(
            |made| made.negative_ttl,
            |said| Some(said.negative_ttl?.into()),
        );
        made.unwrap_or_else(|| self.ttl())
    }

    pub(crate) fn jitter(&self) -> f64 {
        self.said(|made| made.jitter, |said| said.jitter)
    }

    pub(crate) fn stale_if_error(&self) -> Duration {
        self.said(|made| made.stale_if_error, |said| said.stale_if_error)
    }

    pub(crate) fn stale_while_revalidate(&self) -> Duration {
        self.said(
            |made| made.stale_while_revalidate,
            |said| said.stale_while_revalidate,
        )
    }

    /// For how long after its time an entry is kept.
    pub(crate) fn stale(&self) -> Duration {
        self.stale_if_error().max(self.stale_while_revalidate())
    }

    /// Whether a reader has to know how old an entry is.
    pub(crate) fn asks_age(&self) -> bool {
        self.settings.refresh_ahead.is_some()
            || self.settings.near.is_some()
            || !self.stale().is_zero()
    }
}
