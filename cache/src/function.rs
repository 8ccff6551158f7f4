//! The caches of one function with the attribute: one for each connector, and for each type where the function is generic.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use redis::RedisError;
use redis_resilient_connection::__seam::connector;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::__seam::{emit, error_text, wants};
use redis_resilient_runtime::event::{Event, Severity, TrackingLost};
use redis_resilient_runtime::{Breaker, Class, Policy, Registry};

use crate::cache::Cache;
use crate::codec::Codec;
use crate::nearby::{self, MakeNearby};
use crate::settings::Settings;
use crate::state::State;

/// What is static of a function.
#[doc(hidden)]
pub struct CachedFunction {
    settings: Settings,
    policy: fn(&'static Breaker) -> Policy,
    /// The one that was made first, which is the only one nearly always.
    first: OnceLock<Made>,
    others: RwLock<Vec<Made>>,
}

#[derive(Clone)]
struct Made {
    connector: Connector,
    state: Arc<dyn Any + Send + Sync>,
    types: TypeId,
}

#[allow(missing_docs, reason = "for expansions")]
impl CachedFunction {
    /// # Panics
    /// If a setting makes no sense; at compile time in a `static`.
    #[must_use]
    pub const fn new(settings: Settings, policy: fn(&'static Breaker) -> Policy) -> Self {
        if let Some(problem) = settings.problem() {
            panic!("{}", problem);
        }
        Self {
            settings,
            policy,
            first: OnceLock::new(),
            others: RwLock::new(Vec::new()),
        }
    }

    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The cache of this function in the Redis of that connector.
    pub fn cache<T, C>(&self, redis: &Connector) -> Cache<T, C>
    where
        T: Send + 'static,
        C: Codec<T>,
    {
        self.of(redis, |_, _| Ok(None))
    }

    /// The same, with a near cache.
    pub fn cache_near<T, C>(&self, redis: &Connector) -> Cache<T, C>
    where
        T: Clone + Send + Sync + 'static,
        C: Codec<T>,
    {
        self.of(redis, nearby::make)
    }

    fn of<T, C>(&self, redis: &Connector, near: MakeNearby<T>) -> Cache<T, C>
    where
        T: Send + 'static,
        C: Codec<T>,
    {
        let first = self.first.get_or_init(|| self.make::<T, C>(redis, near).0);
        if let Some(state) = first.of(redis) {
            return Cache::new(state);
        }
        let found = |made: &Vec<Made>| made.iter().find_map(|made| made.of(redis));
        if let Some(state) = found(&self.others.read().unwrap_or_else(PoisonError::into_inner)) {
            return Cache::new(state);
        }
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = found(&others) {
            return Cache::new(state);
        }
        // An application that opens a connector for each request does not fill the memory.
        others.retain(Made::is_used);
        let (made, state) = self.make(redis, near);
        others.push(made);
        Cache::new(state)
    }

    fn make<T, C>(&self, redis: &Connector, near: MakeNearby<T>) -> (Made, Arc<State<T, C>>)
    where
        T: Send + 'static,
        C: Codec<T>,
    {
        let policy = (self.policy)(connector::lasting_breaker(redis));
        let near = near(&self.settings, redis).unwrap_or_else(|error| {
            not_near(redis, &error);
            None
        });
        let state = Arc::new(State::new(self.settings, policy, redis, near));
        Registry::global().register_cache(&state);
        (Made::new(redis, state.clone()), state)
    }
}

/// Has observers told that nothing is kept near over this connector.
fn not_near(redis: &Connector, error: &RedisError) {
    if wants(Severity::Warn) {
        let (connector, text) = (connector::description(redis), error_text(error));
        emit(&Event::TrackingLost(TrackingLost::new(
            Class::of(error),
            &connector,
            &text,
            None,
        )));
    }
}

impl Made {
    fn new<T, C>(redis: &Connector, state: Arc<State<T, C>>) -> Self
    where
        T: Send + 'static,
        C: Codec<T>,
    {
        Self {
            connector: redis.clone(),
            state,
            types: TypeId::of::<State<T, C>>(),
        }
    }

    fn of<T, C>(&self, redis: &Connector) -> Option<Arc<State<T, C>>>
    where
        T: Send + 'static,
        C: Codec<T>,
    {
        let is_it =
            self.types == TypeId::of::<State<T, C>>() && connector::is_same(&self.connector, redis);
        is_it.then(|| self.state.clone().downcast().ok()).flatten()
    }

    /// Whether anybody else has its connector, or a call is under way.
    fn is_used(&self) -> bool {
        // This one has it, and the state.
        Arc::strong_count(&self.state) > 1 || connector::owners(&self.connector) > 2
    }
}

impl fmt::Debug for CachedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedFunction")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
