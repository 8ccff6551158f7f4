//! What expansions call: the key is made already, and the load is told how long to wait for room at the primary store.
#![allow(missing_docs)]

use std::time::Duration;

use super::{Cache, Invalidated};
use crate::codec::Codec;
use crate::key::Key;
use crate::missed::Read;
use crate::state::Lifetime;

#[doc(hidden)]
impl<T, C> Cache<T, C>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// # Errors
    /// That of the load.
    pub async fn read<E, L, F, Fut>(&self, key: &Key, read: &Read<E, L>, load: F) -> Result<T, E>
    where
        E: 'static,
        L: Fn(&T) -> Lifetime,
        F: FnOnce(Duration) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.state.read(key.as_str(), read, load).await
    }

    /// # Errors
    /// That of the load.
    pub async fn read_in_background<E, L, F, Fut>(
        &self,
        key: &Key,
        read: Read<E, L>,
        load: F,
    ) -> Result<T, E>
    where
        E: Send + 'static,
        L: Fn(&T) -> Lifetime + Send + Sync + 'static,
        F: FnOnce(Duration) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.state
            .read_in_background(key.as_str(), read, load)
            .await
    }

    /// # Errors
    /// That of the load.
    pub fn read_blocking<E, L, F>(&self, key: &Key, read: &Read<E, L>, load: F) -> Result<T, E>
    where
        E: 'static,
        L: Fn(&T) -> Lifetime,
        F: FnOnce(Duration) -> Result<T, E>,
    {
        self.state.read_blocking(key.as_str(), read, load)
    }

    pub async fn invalidate_key(&self, key: &Key) -> Invalidated {
        self.state.invalidate(key.as_str()).await
    }

    pub fn invalidate_key_blocking(&self, key: &Key) -> Invalidated {
        self.state.invalidate_blocking(key.as_str())
    }
}
