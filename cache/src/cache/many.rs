//! Many keys at once.

use std::fmt;

use self::keys::{all, stores};
use super::{Cache, Invalidated};
use crate::codec::{Codec, NotEncoded};
use crate::held::Held;
use crate::key::Key;
use crate::room::LoadError;

mod keys;

impl<T, C, L> Cache<T, C, L>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// The values of those keys, in their order: from this process or Redis, else what `load` gives for those that are missing. Redis is asked for all of
    /// them in one round trip; of a cluster each server, and of more than a thousand a thousand at a time.
    ///
    /// `load` is called once, with exactly those keys that are missing and that nobody else is loading, each once. For those that others load, in this
    /// process or another, it waits, as [`get_or_load`](Self::get_or_load) does; and who reads one of these keys alone waits for this load. Only for
    /// keys that another has tried to load and has not (it was dropped, or panicked, or took longer than the lease) is it called again.
    ///
    /// What it gives are pairs of a key and a value, in any order: a `HashMap`, a `Vec`, a `BTreeMap`. A key is known by how it is displayed. **A key that
    /// is not among them is `None`, and nothing is stored for it**: the next read asks the primary store again. To have that remembered, let the values be
    /// options and give `(key, None)`; that is then `Some(None)`. Keys that it was not asked for are ignored.
    ///
    /// ```
    /// use redis::RedisResult;
    /// use redis_resilient::cache::Cache;
    /// use redis_resilient::connection::Connector;
    /// use std::collections::HashMap;
    /// use std::time::Duration;
    ///
    /// async fn names_of(ids: Vec<u64>) -> RedisResult<HashMap<u64, String>> {
    ///     // SELECT id, name FROM users WHERE id = ANY(…)
    /// #     assert_eq!(ids, [3, 1, 4, 5]);
    ///     Ok(HashMap::from([(1, "Ann".to_owned()), (3, "Bob".to_owned())]))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> RedisResult<()> {
    /// # let url = "redis://127.0.0.1:1/";
    /// let names: Cache<String> = Cache::builder("names")
    ///     .ttl(Duration::from_secs(600))
    ///     .build(&Connector::open(url)?);
    /// let found = names.get_many_or_load([3, 1, 4, 1, 5], names_of).await?;
    /// let found: Vec<_> = found.iter().map(Option::as_deref).collect();
    /// assert_eq!(found, [Some("Bob"), Some("Ann"), None, Some("Ann"), None]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// That of the load, or of another that it waits for, if there is a key for which no stale value may be served in its place. Values of the other keys
    /// are given up then; what is there is told by [`get_many`](Self::get_many). In a cache with a [`limit`](crate::CacheBuilder::limit) the load of all
    /// keys takes one place.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled. A panic of the load is passed on.
    ///
    /// # Cancellation
    /// Safe: dropped while it loads, each key is passed on to one of those who wait for it, with its own closure.
    pub async fn get_many_or_load<K, Q, E, F, Fut, M>(
        &self,
        keys: impl IntoIterator<Item = K>,
        mut load: F,
    ) -> Result<Vec<Option<T>>, E>
    where
        T: Clone,
        K: fmt::Display + Clone,
        Q: fmt::Display,
        E: Clone + LoadError<L> + Send + 'static,
        F: FnMut(Vec<K>) -> Fut,
        Fut: Future<Output = Result<M, E>>,
        M: IntoIterator<Item = (Q, T)>,
    {
        let keys = self.keys(keys);
        let load = |places: Vec<usize>| {
            let load = load(keys.at(&places));
            async { Ok(self.loaded(load.await?)) }
        };
        let how = self.how(E::NO_ROOM);
        let values = self.state.read_many(&keys.texts, &how, self.room(), load);
        Ok(keys.spread(values.await?))
    }

    /// As [`get_many_or_load`](Self::get_many_or_load), by blocking the thread: not for async code.
    ///
    /// ```
    /// # use redis::RedisResult;
    /// # use redis_resilient::cache::Cache;
    /// # use redis_resilient::connection::Connector;
    /// # use std::time::Duration;
    /// # fn main() -> RedisResult<()> {
    /// # let redis = Connector::open("redis://127.0.0.1:1/")?;
    /// let squares: Cache<u64> = Cache::builder("squares")
    ///     .ttl(Duration::from_secs(600))
    ///     .build(&redis);
    /// let load = |missing: Vec<u64>| RedisResult::Ok(missing.into_iter().map(|n| (n, n * n)));
    /// let found = squares.get_many_or_load_blocking([3, 1, 3], load)?;
    /// assert_eq!(found, [Some(9), Some(1), Some(9)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`get_many_or_load`](Self::get_many_or_load).
    ///
    /// # Panics
    /// A panic of the load is passed on.
    pub fn get_many_or_load_blocking<K, Q, E, F, M>(
        &self,
        keys: impl IntoIterator<Item = K>,
        mut load: F,
    ) -> Result<Vec<Option<T>>, E>
    where
        T: Clone,
        K: fmt::Display + Clone,
        Q: fmt::Display,
        E: Clone + LoadError<L> + Send + 'static,
        F: FnMut(Vec<K>) -> Result<M, E>,
        M: IntoIterator<Item = (Q, T)>,
    {
        let keys = self.keys(keys);
        let load = |places: Vec<usize>| Ok(self.loaded(load(keys.at(&places))?));
        let state = &self.state;
        let how = self.how(E::NO_ROOM);
        let values = state.read_many_blocking(&keys.texts, &how, self.room(), load)?;
        Ok(keys.spread(values))
    }

    /// Of each key, in their order, the value that this process or Redis has, if it is fresh. Nothing is loaded, and a Redis that does not answer is a
    /// miss. It takes one round trip; in a cluster one to each server.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    pub async fn get_many<K: fmt::Display>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Vec<Option<T>>
    where
        T: Clone,
    {
        let keys = self.keys(keys);
        keys.spread(self.state.fresh_many(&keys.texts).await)
    }

    /// As [`get_many`](Self::get_many), by blocking the thread: not for async code.
    pub fn get_many_blocking<K: fmt::Display>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Vec<Option<T>>
    where
        T: Clone,
    {
        let keys = self.keys(keys);
        keys.spread(self.state.fresh_many_blocking(&keys.texts))
    }

    /// Stores values that were just written to the primary store, each as [`put`](Self::put) does, in two round trips. Of a key that is there twice the
    /// last value is stored.
    ///
    /// [`Everywhere`](Invalidated::Everywhere) says that Redis was told of all of them, [`Pending`](Invalidated::Pending) that it could not be told of
    /// some.
    ///
    /// ```no_run
    /// # use redis_resilient::cache::{Cache, Invalidated};
    /// # async fn run(names: Cache<String>) -> Result<(), Box<dyn std::error::Error>> {
    /// let (ann, bob) = ("Ann".to_owned(), "Bob".to_owned());
    /// names.put_many([(1, &ann), (3, &bob)]).await?;
    /// assert_eq!(names.get_many([3, 2, 1]).await, [Some(bob), None, Some(ann)]);
    /// if names.invalidate_many([1, 3]).await == Invalidated::Pending {
    ///     println!("other processes may be served these for a while");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If one of the values cannot be encoded: nothing is stored, and the old values are still there.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Safe: dropped while Redis is asked, those of which it is not known that it was told are invalidations that are pending.
    pub async fn put_many<'a, K: fmt::Display>(
        &self,
        values: impl IntoIterator<Item = (K, &'a T)>,
    ) -> Result<Invalidated, NotEncoded> {
        let (state, (keys, new)) = (&self.state, self.new_entries(values)?);
        let texts: Vec<_> = keys.iter().map(Key::as_str).collect();
        let pending: Vec<_> = texts.iter().map(|key| state.begin(key)).collect();
        let (lease, tombstone) = (state.settings.lease, state.tombstone());
        let leases = Held::take_many(&state.way, &texts, lease, tombstone).await;
        let (stores, taken) = stores(leases, &new);
        Held::store_many_now(&state.way, stores).await;
        Ok(all(pending
            .into_iter()
            .zip(&taken)
            .map(|(pending, taken)| pending.end(taken))))
    }

    /// As [`put_many`](Self::put_many), by blocking the thread: not for async code.
    ///
    /// # Errors
    /// As [`put_many`](Self::put_many).
    pub fn put_many_blocking<'a, K: fmt::Display>(
        &self,
        values: impl IntoIterator<Item = (K, &'a T)>,
    ) -> Result<Invalidated, NotEncoded> {
        let (state, (keys, new)) = (&self.state, self.new_entries(values)?);
        let texts: Vec<_> = keys.iter().map(Key::as_str).collect();
        let pending: Vec<_> = texts.iter().map(|key| state.begin(key)).collect();
        let (lease, tombstone) = (state.settings.lease, state.tombstone());
        let leases = Held::take_many_blocking(&state.way, &texts, lease, tombstone);
        let (stores, taken) = stores(leases, &new);
        Held::store_many_now_blocking(&state.way, stores);
        Ok(all(pending
            .into_iter()
            .zip(&taken)
            .map(|(pending, taken)| pending.end(taken))))
    }

    /// Removes the values of those keys, each as [`invalidate`](Self::invalidate) does, in one round trip; in a cluster one to each server.
    ///
    /// [`Everywhere`](Invalidated::Everywhere) says that Redis was told of all of them, [`Pending`](Invalidated::Pending) that it could not be told of
    /// some.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Safe: dropped while Redis is asked, they are pending.
    pub async fn invalidate_many<K: fmt::Display>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Invalidated {
        let (state, keys) = (&self.state, self.keys(keys));
        let texts: Vec<_> = keys.texts.iter().map(Key::as_str).collect();
        let pending: Vec<_> = texts.iter().map(|key| state.begin(key)).collect();
        let taken = state.way.invalidate_many(&texts, state.tombstone()).await;
        all(pending
            .into_iter()
            .zip(&taken)
            .map(|(pending, taken)| pending.end(taken)))
    }

    /// As [`invalidate_many`](Self::invalidate_many), by blocking the thread: not for async code.
    pub fn invalidate_many_blocking<K: fmt::Display>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Invalidated {
        let (state, keys) = (&self.state, self.keys(keys));
        let texts: Vec<_> = keys.texts.iter().map(Key::as_str).collect();
        let pending: Vec<_> = texts.iter().map(|key| state.begin(key)).collect();
        let taken = state
            .way
            .invalidate_many_blocking(&texts, state.tombstone());
        all(pending
            .into_iter()
            .zip(&taken)
            .map(|(pending, taken)| pending.end(taken)))
    }
}
