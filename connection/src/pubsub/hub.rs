//! What all subscriptions over one connection share, and how what comes over it reaches them.
//!
//! Messages are handed on where the connection is read, to queues with a limit: nobody who does not take his holds up others, and nothing piles up
//! between. Confirmations come the same way, in order with messages.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use redis::{Msg, PushInfo, PushKind, RedisError, Value};
use tokio::runtime::Id;
use tokio::sync::Notify;

use super::interest::Name;
use super::registry::{Found, Kind, Order, Registry};
use super::subscriber::{Subscriber, Taken};
use crate::manager::Manager;

/// The subscriptions over one connection, which one task keeps. All of it is on one runtime: none waits for another that stands still.
pub(crate) struct Hub {
    pub(crate) manager: Arc<Manager>,
    pub(crate) runtime: Id,
    state: Mutex<State>,
    /// Wakes the task.
    pub(crate) changed: Notify,
}

struct State {
    registry: Registry<Arc<Subscriber>>,
    /// What pushes are from; those of a connection before are nobody's.
    link: Option<u64>,
    links: u64,
    /// Why there is no connection, if one was tried.
    failed: Option<RedisError>,
    /// The task is gone.
    has_ended: bool,
}

/// A connection, as those see it who read it and those who look after it.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// Which of the hub's it is; none before it is the hub's.
    number: AtomicU64,
    /// How often something has come.
    heard: AtomicU64,
    /// It is of no use any more.
    pub(crate) closed: Notify,
}

impl Link {
    /// Another number when something has come.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }
}

impl Hub {
    pub(crate) fn new(manager: Arc<Manager>, runtime: Id) -> Self {
        Self {
            manager,
            runtime,
            state: Mutex::new(State {
                registry: Registry::new(),
                link: None,
                links: 0,
                failed: None,
                has_ended: false,
            }),
            changed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false`: it has ended.
    pub(crate) fn attach(&self, names: &[Name], subscriber: &Arc<Subscriber>) -> bool {
        let mut wakers = Vec::new();
        {
            let mut state = self.state();
            if state.has_ended {
                return false;
            }
            let (kind, id) = (subscriber.kind, subscriber.id);
            for name in names {
                let found = state.registry.attach(kind, name, id, subscriber.clone());
                wakers.extend(match found {
                    Found::Subscribed => subscriber.confirmed(name),
                    Found::Refused(error) => subscriber.fails(&error),
                    Found::Pending => None,
                });
            }
            if let Some(error) = &state.failed {
                wakers.extend(subscriber.fails(error));
            }
        }
        wake(wakers);
        self.changed.notify_one();
        true
    }

    pub(crate) fn detach(&self, names: &[Name], subscriber: &Subscriber) {
        {
            let mut state = self.state();
            for name in names {
                state.registry.detach(subscriber.kind, name, subscriber.id);
            }
        }
        self.changed.notify_one();
    }

    pub(crate) fn is_wanted(&self) -> bool {
        !self.state().registry.is_empty()
    }

    /// Ends if nobody wants anything.
    pub(crate) fn ends_unwanted(&self) -> bool {
        let mut state = self.state();
        state.has_ended = state.registry.is_empty();
        state.has_ended
    }

    /// What comes over this connection counts from now on, and over no other.
    pub(crate) fn goes_over(&self, link: &Link) {
        let mut state = self.state();
        state.links += 1;
        link.number.store(state.links, Ordering::Relaxed);
        (state.link, state.failed) = (Some(state.links), None);
    }

    pub(crate) fn orders(&self, most: usize) -> Vec<Order> {
        self.state().registry.orders(most)
    }

    /// Whether the server has done all of this.
    pub(crate) fn has_done(&self, orders: &[Order]) -> bool {
        let state = self.state();
        orders.iter().all(|order| state.registry.has_done(order))
    }

    pub(crate) fn retry(&self) {
        self.state().registry.retry();
    }

    /// The server has refused one name.
    pub(crate) fn refused(&self, order: &Order, error: &RedisError) {
        let mut wakers = Vec::new();
        {
            let mut state = self.state();
            for subscriber in state.registry.refused(order, error) {
                wakers.extend(self.loses(&order.name, &subscriber, error));
            }
            if order.is_wanted {
                self.forgets(&mut state, order.kind, &order.name);
            }
        }
        wake(wakers);
    }

    /// There is no connection, and why.
    pub(crate) fn fails(&self, error: &RedisError) {
        let mut wakers = Vec::new();
        {
            let mut state = self.state();
            for (_, subscriber) in state.registry.all() {
                wakers.extend(subscriber.fails(error));
            }
            state.failed = Some(error.clone());
        }
        wake(wakers);
    }

    /// The connection is lost, or could not be made.
    pub(crate) fn disconnected(&self, error: &RedisError) {
        let mut wakers = Vec::new();
        {
            let mut state = self.state();
            (state.link, state.failed) = (None, Some(error.clone()));
            for (name, subscriber) in state.registry.all() {
                wakers.extend(self.loses(name, subscriber, error));
            }
            if self.leads_to_a_node() {
                state.registry.clear();
            } else {
                state.registry.disconnected();
            }
        }
        wake(wakers);
    }

    /// The task is gone: with its runtime, or because it has panicked.
    pub(crate) fn ended(&self) {
        let mut wakers = Vec::new();
        {
            let mut state = self.state();
            (state.has_ended, state.link) = (true, None);
            for (_, subscriber) in state.registry.all() {
                wakers.extend(subscriber.ends());
            }
            state.registry.clear();
        }
        wake(wakers);
    }

    /// Something has come over a connection.
    pub(crate) fn pushed(&self, link: &Link, push: PushInfo) {
        if push.kind == PushKind::Disconnection {
            link.closed.notify_one();
            return;
        }
        link.heard.fetch_add(1, Ordering::Relaxed);
        let mut wakers = Vec::new();
        let overrun;
        {
            let mut state = self.state();
            if state.link != Some(link.number.load(Ordering::Relaxed)) {
                return;
            }
            overrun = self.passes_on(&mut state, push, &mut wakers);
        }
        wake(wakers);
        if let Some(error) = overrun {
            self.manager.settings.tell(|events| events.overran(&error));
        }
    }

    /// Where somebody wants no more for it, what is said of that.
    fn passes_on(
        &self,
        state: &mut State,
        push: PushInfo,
        wakers: &mut Vec<Waker>,
    ) -> Option<RedisError> {
        let (Some(Value::BulkString(name)), Some(kind)) = (push.data.first(), Kind::of(&push.kind))
        else {
            return None;
        };
        match push.kind {
            PushKind::Message | PushKind::PMessage | PushKind::SMessage => {
                let name = name.clone();
                let message = Msg::from_push_info(push)?;
                return self.message(state, kind, &name, &Arc::new(message), wakers);
            }
            PushKind::Subscribe | PushKind::PSubscribe | PushKind::SSubscribe => {
                for subscriber in state.registry.subscribed(kind, name) {
                    wakers.extend(subscriber.confirmed(name));
                }
                self.changed.notify_one();
            }
            PushKind::Unsubscribe | PushKind::PUnsubscribe | PushKind::SUnsubscribe => {
                if let Some((name, concerned)) = state.registry.unsubscribed(kind, name) {
                    for subscriber in concerned {
                        wakers.extend(self.loses(&name, &subscriber, &ended_by_the_server()));
                    }
                    self.forgets(state, kind, &name);
                }
                self.changed.notify_one();
            }
            _ => {}
        }
        None
    }

    fn message(
        &self,
        state: &mut State,
        kind: Kind,
        name: &[u8],
        message: &Arc<Msg>,
        wakers: &mut Vec<Waker>,
    ) -> Option<RedisError> {
        let mut overrun = None;
        let mut full = Vec::new();
        for (_, subscriber) in state.registry.listeners(kind, name) {
            match subscriber.message(name, message) {
                Taken::Yes(waker) => wakers.extend(waker),
                Taken::No(waker, error) => {
                    wakers.extend(waker);
                    overrun = Some(error);
                    full.push(subscriber.clone());
                }
            }
        }
        for subscriber in full {
            for name in subscriber.inbox().interest.names() {
                state.registry.detach(kind, &name, subscriber.id);
            }
            self.changed.notify_one();
        }
        overrun
    }

    /// One who wants this name is told that it cannot be had here.
    fn loses(
        &self,
        name: &Name,
        subscriber: &Arc<Subscriber>,
        error: &RedisError,
    ) -> Option<Waker> {
        let node = self.manager.endpoint.node();
        #[cfg(feature = "cluster")]
        if let Some(node) = node {
            return subscriber.homeless(name, error, node);
        }
        let _ = node;
        subscriber.lost(name, error)
    }

    /// Those who want this name seek it elsewhere, if there is an elsewhere.
    fn forgets(&self, state: &mut State, kind: Kind, name: &Name) {
        if self.leads_to_a_node() {
            state.registry.forget(kind, name);
        }
    }

    /// Where a name cannot be had on this server of a cluster, another may have it.
    fn leads_to_a_node(&self) -> bool {
        self.manager.endpoint.node().is_some()
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("to", &self.manager.endpoint)
            .finish_non_exhaustive()
    }
}

fn wake(wakers: Vec<Waker>) {
    for waker in wakers {
        waker.wake();
    }
}

fn ended_by_the_server() -> RedisError {
    let text = "the server has ended the subscription to a channel, because its slot has moved to another server";
    io::Error::new(io::ErrorKind::NotConnected, text).into()
}
