//! What can be said of connectors and caches, which are told of it.

use std::time::Duration;

/// What is said of one connector while it runs, in place of what its builder says. `None`: that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectorSettings {
    /// How long connecting may take.
    pub connect_timeout: Option<Duration>,
    /// How long an answer may take.
    pub response_timeout: Option<Duration>,
    /// After so long without an answer a connection is checked before it is used.
    pub health_check_after: Option<Duration>,
}

/// What is said of one cache while it runs, in place of what its builder or attribute says. `None`: that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CacheSettings {
    /// Whether it is used at all: with `false` each read is a load.
    pub enabled: Option<bool>,
    /// How long values are good that are stored from now on.
    pub ttl: Option<Duration>,
    /// The same of values that say that there is nothing.
    pub negative_ttl: Option<Duration>,
    /// For how long after its time a value is better than an error.
    pub stale_if_error: Option<Duration>,
    /// For how long after its time a value is served while it is loaded anew.
    pub stale_while_revalidate: Option<Duration>,
    /// By what part the time of a value varies.
    pub jitter: Option<f64>,
}

#[cfg(feature = "overrides")]
mod overlay {
    use super::{CacheSettings, ConnectorSettings};
    use crate::overrides::overlay::Overlay;

    impl Overlay for ConnectorSettings {
        fn overlay(&mut self, over: &Self) {
            self.connect_timeout = over.connect_timeout.or(self.connect_timeout);
            self.response_timeout = over.response_timeout.or(self.response_timeout);
            self.health_check_after = over.health_check_after.or(self.health_check_after);
        }
    }

    impl Overlay for CacheSettings {
        fn overlay(&mut self, over: &Self) {
            self.enabled = over.enabled.or(self.enabled);
            self.ttl = over.ttl.or(self.ttl);
            self.negative_ttl = over.negative_ttl.or(self.negative_ttl);
            self.stale_if_error = over.stale_if_error.or(self.stale_if_error);
            self.stale_while_revalidate =
                over.stale_while_revalidate.or(self.stale_while_revalidate);
            self.jitter = over.jitter.or(self.jitter);
        }
    }
}
