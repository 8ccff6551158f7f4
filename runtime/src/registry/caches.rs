//! What caches say of themselves.

use crate::overrides::CacheSettings;

/// A cache that says of itself how it is doing. Those of the feature `cache` are such.
pub trait RegisteredCache: Send + Sync {
    /// How it is doing now. No lock of the registry is held meanwhile. Nothing in it may be secret.
    fn report(&self) -> CacheReport;

    /// Goes by these from now on, where it can, and by its own where nothing is said. Several times with the same is as good as once.
    fn tune(&self, said: &CacheSettings) {
        let _ = said;
    }
}

/// How a cache is doing. Counts are since it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheReport {
    /// Its name, as in events. The list is ordered by it.
    pub name: String,
    /// In which Redis it is, by the description of the connector: without secrets.
    pub connector: String,
    /// Values that were served from the memory of this process, where they are kept for a short time.
    pub near_hits: u64,
    /// Values that were served from Redis.
    pub redis_hits: u64,
    /// Values that were served though their time was over.
    pub stale_hits: u64,
    /// Loads of the primary store that ended, the failed ones among them.
    pub loads: u64,
    /// Those of them that failed.
    pub failed_loads: u64,
    /// Loads that are under way and that others may wait for.
    pub loading: u64,
    /// Values in the memory of this process, kept for a short time; `None`: none are kept.
    pub near_entries: Option<u64>,
    /// Values in the memory of this process, kept for need; `None`: none are kept.
    pub copies: Option<u64>,
    /// Invalidations that Redis has not taken yet.
    pub pending_invalidations: u64,
}

impl CacheReport {
    /// Of one that has done nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>, connector: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            connector: connector.into(),
            near_hits: 0,
            redis_hits: 0,
            stale_hits: 0,
            loads: 0,
            failed_loads: 0,
            loading: 0,
            near_entries: None,
            copies: None,
            pending_invalidations: 0,
        }
    }
}
