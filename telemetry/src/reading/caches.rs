//! What caches say of themselves.

use std::collections::BTreeSet;

use redis_resilient_runtime::registry::CacheReport;

use super::series::{Points, float};
use crate::describe;
use crate::names::Names;

/// The names of caches. The calls of functions with these names are commands of the cache to Redis, and none that a caller has made.
pub(super) fn names(caches: &[CacheReport]) -> BTreeSet<&str> {
    caches.iter().map(|cache| cache.name.as_str()).collect()
}

pub(super) fn read(names: &mut Names, points: &mut Points, caches: &[CacheReport]) {
    names.read(caches.iter().map(|cache| {
        let in_trouble = cache.pending_invalidations + cache.failed > 0;
        (cache.name.as_str(), in_trouble)
    }));
    for cache in caches {
        let name = names.label(&cache.name);
        for (level, count) in [
            ("near", cache.near_hits),
            ("redis", cache.redis_hits),
            ("loaded", cache.loaded),
            ("stale", cache.stale_hits),
            ("error", cache.failed),
        ] {
            points.sum(describe::CACHE_READS, &[name, level], count);
            points.sum(describe::CALLS, &[name, level], count);
        }
        let loaded = cache.loads.saturating_sub(cache.failed_loads);
        points.sum(describe::CACHE_LOADS, &[name, "ok"], loaded);
        points.sum(describe::CACHE_LOADS, &[name, "error"], cache.failed_loads);
        for (metric, level) in [
            (describe::CACHE_LOADING, cache.loading),
            (describe::CACHE_PENDING, cache.pending_invalidations),
            (
                describe::CACHE_NEAR_ENTRIES,
                cache.near_entries.unwrap_or_default(),
            ),
            (describe::CACHE_COPIES, cache.copies.unwrap_or_default()),
        ] {
            points.level(metric, &[name], float(level));
        }
        for metric in [describe::CACHE_STALE, describe::CACHE_UNREADABLE] {
            points.sum(metric, &[name], 0);
        }
    }
}
