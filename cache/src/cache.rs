//! A cache of one type of values, in front of one primary store.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use redis_resilient_runtime::Bulkhead;

use crate::codec::{Codec, Json};
use crate::defaults;
use crate::key::Key;
use crate::missed::Read;
use crate::room::{LoadError, Room, Unlimited, enter, enter_blocking};
use crate::share::{Refuse, cloned};
use crate::state::{Lifetime, State};

mod builder;
mod invalidate;
mod keyed;
mod many;
mod put;

pub use self::builder::CacheBuilder;
pub use self::invalidate::Invalidated;

/// Cache-aside without the mistakes: values of one type in Redis, loaded from the primary store when they are not there.
///
/// * **Redis is optional.** Whatever it does, a read is a load at the worst: no error of Redis's reaches the caller.
/// * **One load at a time.** Concurrent misses of one key are one load, in the process and in the fleet.
/// * **No old value over a newer one.** A load that began before an [`invalidate`](Self::invalidate) is not stored after it.
/// * **Stale values** answer where the load fails, for as long as `stale_if_error` says.
///
/// Clones share it. Functions with the attribute `redis_cached` have one each.
///
/// ```no_run
/// use redis_resilient::cache::Cache;
/// use redis_resilient::connection::Connector;
/// use std::time::Duration;
///
/// # async fn row(id: u64) -> redis::RedisResult<Option<String>> { Ok(None) }
/// # async fn run() -> redis::RedisResult<()> {
/// let redis = Connector::open("redis://cache.example/")?;
/// let names: Cache<Option<String>> = Cache::builder("names")
///     .prefix("user:name")
///     .ttl(Duration::from_secs(600))
///     .stale_if_error(Duration::from_secs(3_600))
///     .build(&redis);
/// let name = names.get_or_load(7, || row(7)).await?;
/// # Ok(())
/// # }
/// ```
pub struct Cache<T, C = Json, L = Unlimited> {
    state: Arc<State<T, C>>,
    /// How many loads may run at once, and how long others wait for room.
    limit: Option<&'static Bulkhead>,
    limit_wait: Duration,
    is_limited: PhantomData<fn() -> L>,
}

impl<T: Send + 'static> Cache<T> {
    /// One with this name, in events and in the registry, with settings to come. Its values are JSON.
    pub const fn builder(name: &'static str) -> CacheBuilder<T> {
        CacheBuilder::new(name)
    }
}

impl<T, C> Cache<T, C> {
    pub(crate) const fn new(state: Arc<State<T, C>>) -> Self {
        Self::limited(state, None, defaults::LIMIT_WAIT)
    }
}

impl<T, C, L> Cache<T, C, L> {
    const fn limited(
        state: Arc<State<T, C>>,
        limit: Option<&'static Bulkhead>,
        limit_wait: Duration,
    ) -> Self {
        Self {
            state,
            limit,
            limit_wait,
            is_limited: PhantomData,
        }
    }
}

impl<T, C, L> Cache<T, C, L>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// The name given to [`builder`](Cache::builder).
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.state.settings.name
    }

    /// The value of that key: from Redis, else what `load` gives, which is stored for the next.
    ///
    /// The load is run at most once, in this future. While it runs, other callers of the same key wait for it. An error is told to all of them, and
    /// not remembered; for an error type that is not `Clone` use [`get_or_load_shared`](Self::get_or_load_shared).
    ///
    /// # Errors
    /// That of the load, if there is no stale value that may be served in its place. In a cache with a [`limit`](CacheBuilder::limit) also one that is
    /// made of [`Rejection::Saturated`](redis_resilient_runtime::Rejection::Saturated), where there is no room for the load.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled. A panic of the load is passed on.
    ///
    /// # Cancellation
    /// Safe: dropped while it loads, the load is passed on to one of those who wait, with its own closure.
    pub async fn get_or_load<E, F, Fut>(&self, key: impl fmt::Display, load: F) -> Result<T, E>
    where
        E: Clone + LoadError<L> + Send + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let (key, room) = (self.key(&key), self.room());
        let load = |wait| async move {
            let _permit = enter(room, wait).await?;
            load().await
        };
        self.state
            .read(key.as_str(), &self.how(E::NO_ROOM), load)
            .await
    }

    /// As [`get_or_load`](Self::get_or_load), for errors that are not `Clone`: all who wait share one.
    ///
    /// # Errors
    /// As [`get_or_load`](Self::get_or_load).
    ///
    /// # Panics
    /// As [`get_or_load`](Self::get_or_load).
    ///
    /// # Cancellation
    /// As [`get_or_load`](Self::get_or_load).
    pub async fn get_or_load_shared<E, F, Fut>(
        &self,
        key: impl fmt::Display,
        load: F,
    ) -> Result<T, Arc<E>>
    where
        E: LoadError<L> + Send + Sync + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let (key, room) = (self.key(&key), self.room::<E>());
        let load = |wait| async move {
            let _permit = enter(room, wait).await.map_err(Arc::new)?;
            load().await.map_err(Arc::new)
        };
        let how = self.how(E::NO_ROOM_SHARED);
        self.state.read(key.as_str(), &how, load).await
    }

    /// As [`get_or_load`](Self::get_or_load), with a load that goes on in a task of its own, whatever becomes of the caller: slow loads do finish, though
    /// callers are impatient. Only here `soft_timeout` holds, and stale values are refreshed without anybody waiting.
    ///
    /// # Errors
    /// As [`get_or_load`](Self::get_or_load).
    ///
    /// # Panics
    /// As [`get_or_load`](Self::get_or_load).
    ///
    /// # Cancellation
    /// Safe: the load goes on.
    pub async fn get_or_load_in_background<E, F, Fut>(
        &self,
        key: impl fmt::Display,
        load: F,
    ) -> Result<T, E>
    where
        E: Clone + LoadError<L> + Send + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (key, room) = (self.key(&key), self.room());
        let load = move |wait| async move {
            let _permit = enter(room, wait).await?;
            load().await
        };
        self.state
            .read_in_background(key.as_str(), self.how(E::NO_ROOM), load)
            .await
    }

    /// As [`get_or_load`](Self::get_or_load), by blocking the thread: not for async code.
    ///
    /// # Errors
    /// As [`get_or_load`](Self::get_or_load).
    ///
    /// # Panics
    /// A panic of the load is passed on.
    pub fn get_or_load_blocking<E, F>(&self, key: impl fmt::Display, load: F) -> Result<T, E>
    where
        E: Clone + LoadError<L> + Send + 'static,
        F: FnOnce() -> Result<T, E>,
    {
        let (key, room) = (self.key(&key), self.room());
        let load = |wait| {
            let _permit = enter_blocking(room, wait)?;
            load()
        };
        self.state
            .read_blocking(key.as_str(), &self.how(E::NO_ROOM), load)
    }

    /// How many loads are under way that others may wait for.
    #[must_use]
    pub fn loading(&self) -> usize {
        self.state.flights.len()
    }

    /// How many invalidations Redis has not taken yet.
    #[must_use]
    pub fn pending_invalidations(&self) -> usize {
        self.state.pending.len()
    }

    fn key(&self, key: &dyn fmt::Display) -> Key {
        Key::new(&self.state.settings).value(key, None)
    }

    /// Where loads need room, if they do.
    fn room<E: LoadError<L>>(&self) -> Option<Room<E>> {
        let (limit, refused) = (self.limit?, E::NO_ROOM?);
        Some(Room { limit, refused })
    }

    /// How values and errors are dealt with.
    fn how<E>(&self, refuse: Option<Refuse<E>>) -> Read<E, fn(&T) -> Lifetime>
    where
        E: Clone + Send + 'static,
    {
        Read {
            lifetime: |_| Lifetime::Default,
            share: Some(cloned),
            limit_wait: self.limit_wait,
            refuse,
        }
    }
}

impl<T, C, L> Clone for Cache<T, C, L> {
    fn clone(&self) -> Self {
        Self::limited(self.state.clone(), self.limit, self.limit_wait)
    }
}

impl<T, C, L> fmt::Debug for Cache<T, C, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}
