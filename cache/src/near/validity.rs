//! Until when what is kept can be trusted, and since when. No clock of its own: time comes in as an argument.
//!
//! Time is cut into epochs. In an odd one changes are heard of, in an even one they are not. An entry belongs to the epoch in which its read began, and is
//! served in that one only: so nothing has to be removed for nothing of it to be served, and what is read across a gap is never stored.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use redis_resilient_connection::__seam::listening::Origin;

pub(crate) struct Validity {
    epoch: AtomicU64,
    until_ms: AtomicU64,
    /// From where replies have to come; `None`: from anywhere.
    origin: Mutex<Option<Origin>>,
}

impl fmt::Debug for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validity")
            .field("epoch", &self.epoch)
            .field("until_ms", &self.until_ms)
            .finish_non_exhaustive()
    }
}

impl Validity {
    /// For those who trust an entry for as long as it is kept.
    pub(crate) fn always() -> Self {
        Self {
            epoch: AtomicU64::new(1),
            until_ms: AtomicU64::new(u64::MAX),
            origin: Mutex::new(None),
        }
    }

    /// Not before it is said to be.
    pub(crate) fn not_yet() -> Self {
        Self {
            epoch: AtomicU64::new(0),
            until_ms: AtomicU64::new(0),
            origin: Mutex::new(None),
        }
    }

    #[inline]
    pub(crate) fn until_ms(&self) -> u64 {
        self.until_ms.load(Ordering::Acquire)
    }

    /// Whether this is the present epoch.
    #[inline]
    pub(crate) fn is(&self, epoch: u64) -> bool {
        self.epoch.load(Ordering::Acquire) == epoch
    }

    /// The same, and whether changes are heard of in it.
    pub(crate) fn is_on(&self, epoch: u64) -> bool {
        is_odd(epoch) && self.is(epoch)
    }

    /// The present epoch, and from where replies have to come in it.
    pub(crate) fn now(&self) -> (u64, Option<Origin>) {
        let epoch = self.epoch.load(Ordering::Acquire);
        let origin = self.origin.lock().unwrap_or_else(PoisonError::into_inner);
        (epoch, origin.clone())
    }

    /// Changes are heard of from now on, in what comes from there.
    pub(crate) fn on(&self, origin: &Origin) {
        {
            let mut known = self.origin.lock().unwrap_or_else(PoisonError::into_inner);
            if known.as_ref() != Some(origin) {
                *known = Some(origin.clone());
            }
        }
        self.change(|epoch| (!is_odd(epoch)).then_some(epoch + 1));
    }

    /// Of all changes until so long before then, those have been heard of that concern what is kept.
    pub(crate) fn extend(&self, until_ms: u64) {
        self.until_ms.store(until_ms, Ordering::Release);
    }

    /// Changes are not heard of any more.
    pub(crate) fn off(&self) {
        self.change(|epoch| is_odd(epoch).then_some(epoch + 1));
        self.until_ms.store(0, Ordering::Release);
    }

    /// All that is kept is old.
    pub(crate) fn begin_anew(&self) {
        self.change(|epoch| is_odd(epoch).then_some(epoch + 2));
    }

    fn change(&self, change: impl FnMut(u64) -> Option<u64>) {
        let _ = self
            .epoch
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
    }
}

const fn is_odd(epoch: u64) -> bool {
    epoch % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Origin {
        Origin::Cluster { map: 1, sent_on: 0 }
    }

    #[test]
    fn an_epoch_is_over_when_changes_are_not_heard_of_or_all_has_changed() {
        let validity = Validity::not_yet();
        let (before, _) = validity.now();
        assert!(!validity.is_on(before));
        validity.on(&here());
        let (first, origin) = validity.now();
        assert!(validity.is_on(first) && !validity.is(before));
        assert_eq!(origin, Some(here()));
        validity.on(&here());
        assert!(validity.is_on(first), "it is on already");
        validity.begin_anew();
        let (second, _) = validity.now();
        assert!(validity.is_on(second) && !validity.is(first));
        validity.off();
        validity.off();
        validity.begin_anew();
        let (gap, _) = validity.now();
        assert!(!validity.is_on(gap) && !validity.is(second));
        validity.on(&here());
        let (third, _) = validity.now();
        assert!(validity.is_on(third) && third > second && !validity.is(gap));
    }

    #[test]
    fn nothing_is_trusted_without_a_word_or_after_the_last() {
        let validity = Validity::not_yet();
        assert_eq!(validity.until_ms(), 0);
        validity.on(&here());
        assert_eq!(validity.until_ms(), 0);
        validity.extend(1000);
        assert_eq!(validity.until_ms(), 1000);
        validity.off();
        assert_eq!(validity.until_ms(), 0);
        assert_eq!(Validity::always().until_ms(), u64::MAX);
    }
}
