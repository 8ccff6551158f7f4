//! A time budget that all calls of one request share: known to whatever runs on this thread while the request is polled.

#[cfg(feature = "request-budget")]
mod scope;

#[cfg(feature = "request-budget")]
pub use scope::{RequestBudget, WithinBudget};
#[cfg(feature = "request-budget")]
pub(crate) use scope::{current, is_in_use};

#[cfg(not(feature = "request-budget"))]
pub(crate) use absent::{RequestBudget, current, is_in_use};

/// Without the feature nothing of it is left.
#[cfg(not(feature = "request-budget"))]
mod absent {
    use std::time::Duration;

    use crate::clock::Instant;

    #[derive(Clone, Copy, Debug)]
    pub(crate) enum RequestBudget {}

    impl RequestBudget {
        pub(crate) const fn total(self) -> Duration {
            match self {}
        }

        pub(crate) const fn left_at(self, _: Instant) -> Duration {
            match self {}
        }
    }

    #[inline]
    pub(crate) const fn is_in_use() -> bool {
        false
    }

    #[inline]
    pub(crate) const fn current() -> Option<RequestBudget> {
        None
    }
}
