//! Numbers of functions that are said while the program runs, in place of those of their attributes. Looked at where a call does not succeed at once, and
//! only if the feature `overrides` is on.

#[cfg(feature = "overrides")]
mod table;

#[cfg(feature = "overrides")]
pub use table::{Curve, Override, as_variable, replace};
#[cfg(feature = "overrides")]
pub(crate) use table::{in_force, is_in_use, was_in_use};

#[cfg(not(feature = "overrides"))]
pub(crate) use absent::{in_force, is_in_use, was_in_use};

/// Without the feature nothing of it is left.
#[cfg(not(feature = "overrides"))]
mod absent {
    use crate::settings::Settings;

    #[inline]
    pub(crate) const fn is_in_use() -> bool {
        false
    }

    #[inline]
    pub(crate) const fn was_in_use() -> bool {
        false
    }

    #[inline]
    pub(crate) const fn in_force(_: &Settings) -> Option<Box<Settings>> {
        None
    }
}
