//! Keeps one set of connections for all callers: one rebuild at a time, and none too soon after one that failed.
//!
//! Circle: `manager::beside`, `manager::dedicated`, `manager::generation`, `manager::renew`: a generation keeps its idle dedicated connections, the one of its hedges, and what renews its credentials; these are told which generation they are for.

pub(crate) mod beside;
pub(crate) mod blocking_check;
pub(crate) mod blocking_pool;
pub(crate) mod companion;
pub(crate) mod dedicated;
pub(crate) mod failed;
pub(crate) mod found_out;
pub(crate) mod generation;
pub(crate) mod health;
pub(crate) mod liveness;
#[cfg(feature = "cluster")]
pub(crate) mod nodes;
pub(crate) mod renew;
mod report;
pub(crate) mod rest;
pub(crate) mod runtimes;
pub(crate) mod server_check;
pub(crate) mod single_flight;
pub(crate) mod subscriptions;

use std::sync::{Arc, Once};
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, timeout};

use super::events::Side;
use super::settings::Settings;
use crate::endpoint::place::place;
use crate::endpoint::{Connected, Endpoint, no_connection};
use crate::manager::blocking_pool::Pool;
use crate::manager::companion::Companion;
use crate::manager::dedicated::DedicatedPool;
use crate::manager::generation::Generation;
#[cfg(feature = "cluster")]
use crate::manager::nodes::Nodes;
use crate::manager::rest::Rest;
use crate::manager::runtimes::{Build, Runtimes, State};
use crate::manager::server_check::ServerChecks;
use crate::manager::single_flight::Flight;
use crate::manager::subscriptions::Subscriptions;
use crate::not_sent::not_sent;
use crate::raw::origin::at;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};

#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) endpoint: Endpoint,
    pub(crate) settings: Settings,
    runtimes: Runtimes,
    rest: Rest,
    pub(crate) dedicated: DedicatedPool,
    pub(crate) server_checks: ServerChecks,
    /// For synchronous callers.
    pub(crate) pool: Pool,
    pub(crate) subscriptions: Subscriptions,
    /// In the registry.
    listed: Once,
    /// The servers, if they are those of a cluster: each has a manager of its own.
    #[cfg(feature = "cluster")]
    pub(crate) nodes: Option<Arc<Nodes>>,
}

impl Manager {
    pub(crate) fn new(endpoint: Endpoint, settings: Settings) -> Self {
        let settings = settings.telling(|| place(&endpoint));
        Self {
            #[cfg(feature = "cluster")]
            nodes: match &endpoint {
                Endpoint::Cluster(cluster) => Some(Arc::new(Nodes::new(cluster, &settings))),
                _ => None,
            },
            endpoint,
            settings,
            runtimes: Runtimes::default(),
            rest: Rest::default(),
            dedicated: DedicatedPool::default(),
            server_checks: ServerChecks::default(),
            pool: Pool::default(),
            subscriptions: Subscriptions::default(),
            listed: Once::new(),
        }
    }

    /// What is connected on this runtime; connects if nothing is, and waits for that as long as connecting may take. Fails at once for a moment after
    /// a failure.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub(crate) async fn generation(self: &Arc<Self>) -> RedisResult<Arc<Generation>> {
        let runtime = Handle::current().id();
        match self.look(runtime) {
            Look::Connected(generation) => Ok(generation),
            Look::Failed(error) => Err(error),
            // In a box: its room is part of each caller's future, and seldom needed.
            Look::Building(build) => Box::pin(self.built(runtime, build)).await,
        }
    }

    async fn built(
        self: &Arc<Self>,
        runtime: Id,
        mut build: Arc<Build>,
    ) -> RedisResult<Arc<Generation>> {
        let begun = Instant::now();
        loop {
            let left = self.limit().saturating_sub(begun.elapsed());
            let outcome = build.outcome(left, || self.spawn_build(runtime, &build));
            match outcome.await {
                Some(result) => return result,
                None if begun.elapsed() >= self.limit() => return Err(self.took_too_long()),
                // Whoever built it is gone.
                None => {}
            }
            build = match self.look(runtime) {
                Look::Connected(generation) => return Ok(generation),
                Look::Failed(error) => return Err(error),
                Look::Building(build) => build,
            };
        }
    }

    /// Takes no longer than it may.
    pub(crate) async fn connect(&self, settings: &Settings) -> RedisResult<Connected> {
        let connect = async {
            #[cfg(feature = "cluster")]
            if let Some(nodes) = &self.nodes {
                nodes.learn().await?;
                return Ok(Connected::nothing());
            }
            self.endpoint.connect(settings).await
        };
        match timeout(self.endpoint.connect_limit(settings), connect).await {
            Ok(Ok(connected)) => {
                if let Some(address) = &connected.address {
                    self.endpoint.leads_to(settings, address);
                }
                Ok(connected)
            }
            Ok(Err(error)) => Err(not_sent(error)),
            Err(_) => Err(self.took_too_long()),
        }
    }

    /// Has observers told that no connection could be made, unless the servers of a cluster have done so, each for itself.
    pub(crate) fn connect_failed(&self, side: Side, error: &RedisError, rest: Option<Duration>) {
        let is_of_servers = self.endpoint.is_cluster() && !matches!(side, Side::Subscriptions);
        if is_of_servers && error.kind() != ErrorKind::ClusterConnectionNotFound {
            return;
        }
        let known = self.endpoint.address();
        self.settings
            .tell(|events| events.connect_failed(side, known, error, rest));
    }

    /// Whoever asks next may connect at once, whatever has failed before.
    pub(crate) fn forgets_failures(&self) {
        self.rest.ends();
        self.pool.rest_ends();
        #[cfg(feature = "cluster")]
        if let Some(nodes) = &self.nodes {
            for node in nodes.all() {
                node.rest.ends();
                node.pool.rest_ends();
            }
        }
    }

    fn look(self: &Arc<Self>, runtime: Id) -> Look {
        let (look, is_first) = self.runtimes.look(runtime, |state| {
            match state {
                State::Connected(generation) if !generation.is_given_up() => {
                    return Look::Connected(generation.clone());
                }
                State::Building(build) if build.is_under_way(self.limit()) => {
                    return Look::Building(build.clone());
                }
                State::Building(build) => build.abandon(),
                State::Connected(_) | State::Nothing => {}
            }
            if let Some(error) = self.rest.refusal() {
                return Look::Failed(error);
            }
            let build = Flight::new();
            *state = State::Building(build.clone());
            Look::Building(build)
        });
        // Outside of the lock: on a runtime that shuts down, a task is dropped as soon as it is spawned.
        if is_first {
            self.end_with(runtime);
            self.is_listed();
        }
        look
    }

    /// What is connected, on all runtimes.
    fn generations(&self) -> Vec<Arc<Generation>> {
        self.runtimes.connected_ones()
    }

    /// What is connected on this runtime ends with it.
    fn end_with(self: &Arc<Self>, runtime: Id) {
        let manager = Arc::downgrade(self);
        let companion = Companion::new(move || {
            if let Some(manager) = manager.upgrade() {
                manager.runtimes.forget(runtime);
            }
        });
        self.runtimes.keep(runtime, companion);
    }

    fn spawn_build(self: &Arc<Self>, runtime: Id, build: &Arc<Build>) {
        build.spawn(self.clone().build(runtime, build.clone()));
    }

    fn limit(&self) -> Duration {
        self.endpoint.connect_limit(&self.settings)
    }

    pub(crate) fn took_too_long(&self) -> RedisError {
        at(
            self.endpoint.address(),
            not_sent(no_connection(self.limit())),
        )
    }

    async fn build(
        self: Arc<Self>,
        runtime: Id,
        build: Arc<Build>,
    ) -> RedisResult<Arc<Generation>> {
        let turn = self.rest.begin(whole_millis(self.limit()))?;
        let begun = Instant::now();
        let connected = self.connect(&self.settings).await;
        let rest = turn.end(&connected);
        match &connected {
            Ok(connected) => {
                if let Some(address) = &connected.address {
                    let took = begun.elapsed();
                    self.settings
                        .tell(|events| events.connected(Side::Shared, address, took));
                }
            }
            Err(error) => self.connect_failed(Side::Shared, error, rest),
        }
        let generation = Arc::new(Generation::new(connected?, runtime, now_ms()));
        generation.renews(&self.settings);
        self.runtimes.connected(runtime, &build, &generation);
        Ok(generation)
    }
}

enum Look {
    Connected(Arc<Generation>),
    Building(Arc<Build>),
    Failed(RedisError),
}

#[cfg(test)]
mod tests {
    use crate::connector::Connector;

    /// They are part of the future of each task that calls, of which there may be many.
    #[test]
    fn futures_that_connect_are_small() {
        let redis = Connector::open("redis://127.0.0.1/").expect("an address");
        for (future, size) in [
            ("get", size_of_val(&redis.get())),
            ("dedicated", size_of_val(&redis.dedicated())),
            ("dedicated_to", size_of_val(&redis.dedicated_to("key"))),
        ] {
            assert!(size <= 256, "{future}: {size} bytes");
        }
    }
}
