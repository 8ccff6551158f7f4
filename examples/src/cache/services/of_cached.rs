//! With the crate `cached`.

use cached::{AsyncRedisCache, ConcurrentCachedAsync as _};

use super::{Answer, Origin, TTL};
use crate::cache::primary::Primary;
use crate::program::Failure;

/// What its macro `concurrent_cached` makes of a function: the `map_error` that it asks for has to return Redis's errors.
pub(in crate::cache) struct OfCached {
    names: AsyncRedisCache<u32, String>,
    primary: Primary,
}

impl OfCached {
    pub(in crate::cache) async fn new(url: &str, primary: Primary) -> Result<Self, Failure> {
        let names = AsyncRedisCache::builder("cached")
            .ttl(TTL)
            .connection_string(url)
            .connection_manager(true)
            .build()
            .await?;
        Ok(Self { names, primary })
    }

    pub(in crate::cache) async fn name(&self, id: u32) -> Answer {
        if let Some(name) = self.names.async_cache_get(&id).await.ok()? {
            return Some((name, Origin::Redis));
        }
        let name = self.primary.name_of(id).await?;
        self.names.async_cache_set(id, name.clone()).await.ok()?;
        Some((name, Origin::Primary))
    }
}
