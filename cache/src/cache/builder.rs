//! How a cache is set up.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use redis_resilient_connection::__seam::connector;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::{Backoff, Breaker, Bulkhead, Policy, Registry};

use super::Cache;
use crate::codec::{Codec, Json};
use crate::defaults;
use crate::nearby::{self, MakeNearby};
use crate::room::{Limited, Unlimited};
use crate::settings::Settings;
use crate::state::State;

/// Of what there is none in it.
type Types<T, C, L> = PhantomData<fn() -> (T, C, L)>;

/// The settings of a [`Cache`]. Each has the name and the default of the attribute's option.
#[must_use]
pub struct CacheBuilder<T, C = Json, L = Unlimited> {
    settings: Settings,
    timeout: Duration,
    retries: u32,
    breaker: Option<&'static Breaker>,
    near: Option<MakeNearby<T>>,
    limit: Option<&'static Bulkhead>,
    limit_wait: Duration,
    types: Types<T, C, L>,
}

impl<T> CacheBuilder<T> {
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            settings: Settings::new(name, name),
            timeout: defaults::TIMEOUT,
            retries: defaults::RETRIES,
            breaker: None,
            near: None,
            limit: None,
            limit_wait: defaults::LIMIT_WAIT,
            types: PhantomData,
        }
    }
}

impl<T, C, L> CacheBuilder<T, C, L> {
    /// What all keys begin with, before a `:`; the name unless told. Behind it a key is as it is displayed: of two caches with the prefixes `user` and
    /// `user:posts` the key `posts:7` of the first is the key `7` of the second.
    pub const fn prefix(mut self, prefix: &'static str) -> Self {
        self.settings.prefix = prefix;
        self
    }

    /// A number that becomes part of the key, to be raised when the type of the values has changed. While processes of both versions run, an
    /// invalidation by one does not reach the entries of the other.
    pub const fn version(mut self, version: u32) -> Self {
        self.settings = self.settings.version(version);
        self
    }

    /// How long a value is good. It has to be given.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.settings = self.settings.ttl(ttl);
        self
    }

    /// The part of its time by which a value lives longer or shorter, from 0.0 to 0.5; 0.1 unless told: what was stored together is not over together.
    pub const fn jitter(mut self, part: f64) -> Self {
        self.settings = self.settings.jitter(part);
        self
    }

    /// For how long after its time a value is still better than an error, or than a wait for room at the primary store; not at all unless told.
    /// Such values are kept in Redis and, in bounds, in this process.
    pub const fn stale_if_error(mut self, time: Duration) -> Self {
        self.settings = self.settings.stale_if_error(time);
        self
    }

    /// For how long after its time a value is served while one caller loads the next; not at all unless told.
    pub const fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.settings = self.settings.stale_while_revalidate(time);
        self
    }

    /// How long a caller waits for a load if there is a stale value to serve instead; as long as it takes unless told. The load goes on.
    pub const fn soft_timeout(mut self, time: Duration) -> Self {
        self.settings = self.settings.soft_timeout(time);
        self
    }

    /// Lets readers refresh a value before its time is over, the likelier the nearer the end and the longer a load takes. `beta` is 1.0 in the paper;
    /// more makes it earlier.
    pub const fn refresh_ahead(mut self, beta: f64) -> Self {
        self.settings = self.settings.refresh_ahead(beta);
        self
    }

    /// How long one load may keep others waiting, in the process and in the fleet; 5 s unless told. What takes longer is not stored.
    pub const fn lease(mut self, time: Duration) -> Self {
        self.settings = self.settings.lease(time);
        self
    }

    /// How much is kept in this process for need; 10,000 entries and 64 MiB unless told.
    pub const fn copies(mut self, entries: u64, bytes: u64) -> Self {
        self.settings = self.settings.copies(entries, bytes);
        self
    }

    /// Keeps values in this process for so long after they were read; not at all unless told. Reads of them take no more than a look into a map. An
    /// invalidation by another process is noticed when that time is over.
    pub const fn near(mut self, time: Duration) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        self.settings = self.settings.near(time);
        self.near = Some(nearby::make);
        self
    }

    /// Keeps values in this process for as long as Redis would tell of a change: client tracking of RESP3, over a connection of its own to each
    /// primary. A value is served at most one second after the acknowledgement of a write that has changed it, through failovers and lost
    /// connections. While the connection is away, nothing is served from this process. All caches of a connector share the connection.
    pub const fn near_tracking(mut self) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        self.settings = self.settings.near_tracking();
        self.near = Some(nearby::make);
        self
    }

    /// How long Redis has for each answer; 250 ms unless told.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often Redis is asked again before the value is loaded; once unless told.
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The circuit breaker of the way to Redis; that of the connector's Redis unless told.
    pub const fn breaker(mut self, breaker: &'static Breaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// The bulkhead around loads, which functions with the attribute may share: so many are at the primary store at once. A load for which there is no
    /// room waits for it, for [`limit_wait`](CacheBuilder::limit_wait); one in whose place a stale value can be served does not. If there is none then,
    /// the stale value is served, or the caller gets [`Rejection::Saturated`](redis_resilient_runtime::Rejection::Saturated) in the error type of the
    /// load, which has to be `From<RedisError>` for that.
    ///
    /// ```
    /// use redis::RedisError;
    /// use redis_resilient::cache::{Cache, Json, Limited};
    /// use redis_resilient::connection::Connector;
    /// use redis_resilient::{Bulkhead, Rejection};
    /// use std::time::Duration;
    ///
    /// static DATABASE: Bulkhead = Bulkhead::new("database", 1);
    ///
    /// async fn row(id: u64) -> Result<String, RedisError> {
    ///     Ok(id.to_string())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), RedisError> {
    /// # let redis = Connector::open("redis://127.0.0.1:1/")?;
    /// let names: Cache<String, Json, Limited> = Cache::builder("names")
    ///     .ttl(Duration::from_secs(600))
    ///     .stale_if_error(Duration::from_secs(3_600))
    ///     .limit(&DATABASE)
    ///     .limit_wait(Duration::from_millis(100))
    ///     .build(&redis);
    /// assert_eq!(names.get_or_load(7, || row(7)).await?, "7");
    ///
    /// let _others = DATABASE.try_acquire()?;
    /// let refused = names.get_or_load(8, || row(8)).await.expect_err("it is full");
    /// assert!(matches!(Rejection::find(&refused), Some(Rejection::Saturated { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub fn limit(self, limit: &'static Bulkhead) -> CacheBuilder<T, C, Limited> {
        CacheBuilder {
            limit: Some(limit),
            ..self.of_types()
        }
    }

    /// How values become bytes; JSON unless told.
    pub fn codec<D: Codec<T>>(self) -> CacheBuilder<T, D, L> {
        self.of_types()
    }

    fn of_types<D, M>(self) -> CacheBuilder<T, D, M> {
        CacheBuilder {
            settings: self.settings,
            timeout: self.timeout,
            retries: self.retries,
            breaker: self.breaker,
            near: self.near,
            limit: self.limit,
            limit_wait: self.limit_wait,
            types: PhantomData,
        }
    }

    /// The cache, in the Redis of this connector.
    ///
    /// # Panics
    /// If a setting makes no sense, or changes are to be tracked over a connector that reads from replicas, or has several databases; the message says what to write.
    #[must_use]
    pub fn build(self, redis: &Connector) -> Cache<T, C, L>
    where
        T: Send + 'static,
        C: Codec<T>,
    {
        if let Some(problem) = self.settings.problem() {
            panic!("the cache `{}`: {problem}", self.settings.name);
        }
        let policy = Policy::new(self.settings.name)
            .retries(self.retries)
            .backoff(Backoff::fixed(defaults::DELAY))
            .timeout(self.timeout)
            .breaker(
                self.breaker
                    .unwrap_or_else(|| connector::lasting_breaker(redis)),
            );
        let near = match self.near.map(|make| make(&self.settings, redis)) {
            None => None,
            Some(Ok(near)) => near,
            Some(Err(error)) => panic!("the cache `{}`: {error}", self.settings.name),
        };
        let state = Arc::new(State::new(self.settings, policy, redis, near));
        Registry::global().register_cache(&state);
        Cache::limited(state, self.limit, self.limit_wait)
    }
}

impl<T, C> CacheBuilder<T, C, Limited> {
    /// How long a load waits for room at the primary store, where nothing stale can be served; 1 s unless told.
    pub const fn limit_wait(mut self, time: Duration) -> Self {
        self.limit_wait = time;
        self
    }
}

impl<T, C, L> fmt::Debug for CacheBuilder<T, C, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("settings", &self.settings)
            .field("timeout", &self.timeout)
            .field("retries", &self.retries)
            .field("breaker", &self.breaker.map(Breaker::name))
            .field("limit", &self.limit.map(Bulkhead::name))
            .finish_non_exhaustive()
    }
}
