//! What is said while the program runs, in place of what is said in code. Looked at where a call does not succeed at once, and only if the feature
//! `overrides` is on.

#[cfg(feature = "overrides")]
mod breaker;
#[cfg(feature = "overrides")]
mod bulkhead;
#[cfg(feature = "overrides")]
mod function;
#[cfg(feature = "overrides")]
mod in_force;
#[cfg(feature = "overrides")]
mod overlay;
#[cfg(feature = "overrides")]
mod table;
mod tunable;

#[cfg(feature = "overrides")]
pub use breaker::BreakerOverride;
#[cfg(feature = "overrides")]
pub use bulkhead::BulkheadOverride;
#[cfg(feature = "overrides")]
pub use function::{Curve, Override};
#[cfg(feature = "overrides")]
pub(crate) use in_force::{in_force, shown};
#[cfg(feature = "overrides")]
pub use table::{Said, as_variable};
#[cfg(feature = "overrides")]
pub(crate) use table::{
    is_any_said, is_in_use, is_said_of_breakers, is_said_of_bulkheads, replace, said_of,
    with_said_of,
};
pub use tunable::{CacheSettings, ConnectorSettings};

#[cfg(not(feature = "overrides"))]
pub(crate) use absent::{in_force, is_in_use};

/// Without the feature nothing of it is left.
#[cfg(not(feature = "overrides"))]
mod absent {
    use crate::settings::Settings;

    #[inline]
    pub(crate) const fn is_in_use() -> bool {
        false
    }

    #[inline]
    pub(crate) const fn in_force(_: &Settings) -> Option<Box<Settings>> {
        None
    }
}
