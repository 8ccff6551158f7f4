//! Without the feature `overrides` what a breaker was made with holds.

use std::ops::Deref;

use super::Breaker;
use super::record::Record;
use super::settings::Settings;

/// The settings that hold now.
pub(super) struct InForce<'a>(&'a Settings);

impl Deref for InForce<'_> {
    type Target = Settings;

    #[inline]
    fn deref(&self) -> &Settings {
        self.0
    }
}

impl Breaker {
    #[inline]
    pub(super) const fn in_force(&self) -> InForce<'_> {
        InForce(&self.settings)
    }
}

impl Record {
    #[inline]
    pub(super) const fn in_force(&self) -> InForce<'_> {
        InForce(&self.settings)
    }
}
