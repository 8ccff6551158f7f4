//! Sharded channels of a cluster: each is the business of the server that has its slot.
//!
//! One task for each subscription finds that server. The connections to the servers are shared, as hubs. What a hub cannot have is homeless, until
//! the task has found it another place.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use redis::{ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::time::{Instant, timeout, timeout_at};

use super::hub::Hub;
use super::interest::Name;
use super::pool::Pool;
use super::subscriber::{Subscriber, passes};
use crate::events::Gap;
use crate::manager::Manager;
use crate::manager::failed::rest_ms;
use crate::manager::nodes::{Nodes, host};
use crate::manager::subscriptions::gate::LONG_REST;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};

/// After so many checks of a connection the servers are asked who has the slots: one that was cut off from the others says nothing of it.
const CHECKS: u32 = 5;
const SHORTEST_LOOK: Duration = Duration::from_millis(50);

/// Where the channels of a subscription are.
#[derive(Default)]
pub(crate) struct Places {
    at: HashMap<Name, Arc<Hub>>,
    homeless: Vec<Homeless>,
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.at.values()).finish()
    }
}

/// A channel that is to be subscribed to.
struct Homeless {
    name: Name,
    cause: Option<Cause>,
}

/// Why a server does not have it any more.
struct Cause {
    error: RedisError,
    host: String,
    was_confirmed: bool,
}

impl Places {
    /// These are to be subscribed to.
    pub(crate) fn seek(&mut self, names: &[Name]) {
        let names = names.iter().cloned();
        self.homeless
            .extend(names.map(|name| Homeless { name, cause: None }));
    }

    /// Where this one is, which is to be nowhere.
    pub(crate) fn leave(&mut self, name: &[u8]) -> Option<Arc<Hub>> {
        self.homeless.retain(|homeless| &*homeless.name != name);
        self.at.remove(name)
    }

    /// Where all are, which are to be nowhere.
    pub(crate) fn leave_all(&mut self) -> HashMap<Name, Arc<Hub>> {
        self.homeless.clear();
        std::mem::take(&mut self.at)
    }
}

impl Subscriber {
    /// A server does not have this name, or not any more.
    pub(crate) fn homeless(
        &self,
        name: &Name,
        error: &RedisError,
        server: &ConnectionInfo,
    ) -> Option<Waker> {
        let mut inbox = self.inbox();
        if !inbox.is_served || !inbox.interest.wants(name) {
            return None;
        }
        let was_confirmed = inbox.interest.lost(name);
        if was_confirmed {
            inbox.gap.get_or_insert_with(|| Gap {
                address: Some(server.addr().clone()),
                error: error.clone(),
                begun_ms: now_ms(),
            });
        }
        inbox.places.at.remove(name);
        inbox.places.homeless.push(Homeless {
            name: name.clone(),
            cause: Some(Cause {
                error: error.clone(),
                host: host(server),
                was_confirmed,
            }),
        });
        self.changed.notify_one();
        // Whoever was never subscribed is only sent on.
        if is_redirection(error) && !was_confirmed {
            return None;
        }
        inbox.fails(error)
    }
}

fn is_redirection(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::Moved)
}

/// What finds the servers for one subscription.
pub(crate) struct Shards {
    pub(crate) manager: Arc<Manager>,
    pub(crate) nodes: Arc<Nodes>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) subscriber: Arc<Subscriber>,
    /// How often it had begun: when it begins again, another one is there for it.
    pub(crate) begun: u64,
}

impl Shards {
    /// Until the subscription is dropped, or begins anew.
    pub(crate) async fn run(self) {
        let interval = self.manager.settings.health_check_after();
        let interval = interval.saturating_mul(CHECKS).max(SHORTEST_LOOK);
        let mut tries = HashMap::new();
        let mut failures = 0;
        let mut due = Vec::new();
        let mut look_at = Instant::now() + interval;
        while let Some(homeless) = self.take() {
            let now = Instant::now();
            for Homeless { name, cause } in homeless {
                let rest = cause.map_or(Duration::ZERO, |cause| {
                    self.rest(&cause, tries.entry(name.clone()).or_default())
                });
                due.push((now + rest, name));
            }
            let (ready, later): (Vec<_>, Vec<_>) = due.into_iter().partition(|(at, _)| *at <= now);
            due = later;
            if !ready.is_empty() {
                let learnt = self.learn().await;
                for (_, name) in ready {
                    if let Err(error) = learnt.clone().and_then(|()| self.place(&name)) {
                        due.push((Instant::now() + self.failed(&error, &mut failures), name));
                    } else {
                        failures = 0;
                    }
                }
            }
            if look_at <= now {
                self.look(interval);
                look_at = now + interval;
            }
            let next = due.iter().map(|(at, _)| *at).min();
            let next = next.map_or(look_at, |next| next.min(look_at));
            let _ = timeout_at(next, self.subscriber.changed.notified()).await;
        }
    }

    /// What is to be subscribed to; `None`: all that is not this one's business any more.
    fn take(&self) -> Option<Vec<Homeless>> {
        let mut inbox = self.subscriber.inbox();
        let is_mine = inbox.is_served && inbox.begun == self.begun;
        is_mine.then(|| std::mem::take(&mut inbox.places.homeless))
    }

    /// How long to wait before the next server is asked.
    fn rest(&self, cause: &Cause, tries: &mut u32) -> Duration {
        if cause.was_confirmed {
            *tries = 0;
        }
        let is_named = self.nodes.names_another(&cause.error, &cause.host);
        if !is_named && !passes(&cause.error) {
            return LONG_REST;
        }
        if !is_named {
            self.doubt();
        }
        let before = *tries;
        *tries += 1;
        match before {
            0 if is_named => Duration::ZERO,
            _ => Duration::from_millis(rest_ms(before, fastrand::u32(..))),
        }
    }

    fn doubt(&self) {
        self.nodes.doubted();
        self.nodes.look_up_beside();
    }

    async fn learn(&self) -> RedisResult<()> {
        if self.nodes.are_known() {
            return Ok(());
        }
        let limit = self.manager.endpoint.connect_limit(&self.manager.settings);
        match timeout(limit, self.manager.generation()).await {
            Ok(generation) => generation.map(|_| ()),
            Err(_) => Err(self.manager.took_too_long()),
        }
    }

    /// No server can be found.
    fn failed(&self, error: &RedisError, failures: &mut u32) -> Duration {
        if let Some(waker) = self.subscriber.fails(error) {
            waker.wake();
        }
        if !passes(error) {
            return LONG_REST;
        }
        if self.nodes.are_known() {
            self.doubt();
        }
        let rest = rest_ms(*failures, fastrand::u32(..));
        *failures += 1;
        Duration::from_millis(rest)
    }

    /// Subscribes where the slot is.
    fn place(&self, name: &Name) -> RedisResult<()> {
        let node = self.nodes.owner_of(name)?;
        let names = std::slice::from_ref(name);
        loop {
            let hub = self.pool.hub(&node);
            {
                let mut inbox = self.subscriber.inbox();
                let is_wanted = inbox.is_served && inbox.interest.wants(name);
                if !is_wanted || inbox.begun != self.begun {
                    return Ok(());
                }
                inbox.places.at.insert(name.clone(), hub.clone());
            }
            if !hub.attach(names, &self.subscriber) {
                self.pool.forget(&hub);
                continue;
            }
            // It may have been dropped meanwhile.
            let at = self.subscriber.inbox().places.at.get(name).cloned();
            if !at.is_some_and(|at| Arc::ptr_eq(&at, &hub)) {
                hub.detach(names, &self.subscriber);
            }
            return Ok(());
        }
    }

    /// Whether all channels are still where their slots are.
    fn look(&self, interval: Duration) {
        if self
            .manager
            .subscriptions
            .is_look_due(now_ms(), whole_millis(interval))
        {
            self.doubt();
        }
        let at = self.subscriber.inbox().places.at.clone();
        for (name, hub) in at {
            let (Ok(owner), Some(own)) = (self.nodes.owner_of(&name), hub.manager.endpoint.node())
            else {
                continue;
            };
            if owner.endpoint.node().map(ConnectionInfo::addr) == Some(own.addr()) {
                continue;
            }
            hub.detach(std::slice::from_ref(&name), &self.subscriber);
            if let Some(waker) = self.subscriber.homeless(&name, &elsewhere(), own) {
                waker.wake();
            }
        }
    }
}

/// The subscription begins anew if this one ends before it does, as with its runtime.
impl Drop for Shards {
    fn drop(&mut self) {
        let is_mine = self.subscriber.inbox().begun == self.begun;
        if is_mine && let Some(waker) = self.subscriber.ends() {
            waker.wake();
        }
    }
}

fn elsewhere() -> RedisError {
    let text = "another server of the cluster has the slot of a sharded channel now";
    io::Error::new(io::ErrorKind::NotConnected, text).into()
}
