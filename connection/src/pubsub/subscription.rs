//! Subscriptions that come back.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use redis::ToRedisArgs;
use tokio::runtime::{Handle, Id};
use tokio::task::coop::poll_proceed;

use crate::manager::Manager;
pub use crate::pubsub::event::{SubscriptionEvent, WhenFull};
use crate::pubsub::hub::Hub;
use crate::pubsub::interest::Name;
use crate::pubsub::pool::Pool;
use crate::pubsub::registry::Kind;
#[cfg(feature = "cluster")]
use crate::pubsub::shards::Shards;
use crate::pubsub::subscriber::{Next, Subscriber};
use crate::switching::{Follower, Switching};

/// So many messages wait for a subscriber who does not take them: those of a second in which eight thousand come, some megabytes. Redis itself holds
/// back up to 32 MB.
const CAPACITY: usize = 8_192;

/// A subscription that reconnects: when its connection is lost, it connects and subscribes again, behind Sentinels to the current primary.
///
/// Messages published meanwhile are lost, because Redis keeps none for absent subscribers. So the subscription reports each gap and its end.
///
/// ```no_run
/// use redis_resilient::connection::{Connector, SubscriptionEvent};
///
/// # async fn run() -> redis::RedisResult<()> {
/// let redis = Connector::open("redis://127.0.0.1/")?;
/// let mut invalidations = redis.subscribe(&["users", "orders"]);
/// while let Some(event) = invalidations.next().await {
///     match event {
///         // Whatever was published before this has been missed: begin with nothing.
///         SubscriptionEvent::Subscribed | SubscriptionEvent::Missed { .. } => forget_everything(),
///         SubscriptionEvent::Message(message) => forget(message.get_channel_name(), &message.get_payload::<String>()?),
///         SubscriptionEvent::Lost(error) => eprintln!("no invalidations: {error}"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// # fn forget_everything() {}
/// # fn forget(_: &str, _: &str) {}
/// ```
///
/// It is a [`Stream`] that does not end. Its own [`next`](Self::next) reads as that of `StreamExt` does, and needs no import.
///
/// # Connections
///
/// All subscriptions of a connector share one connection on each tokio runtime, which a task keeps: a thousand of them connect once, also after it
/// was lost. A name is asked for once, however many want it. [`own_connection`](Self::own_connection) is for one that is much busier than all others.
/// A subscription that is polled on another runtime moves there, and is subscribed again.
///
/// After each [`health_check_after`](crate::connector::builder::ConnectorBuilder::health_check_after) the server is sent a `PING`, and behind Sentinels the primary is
/// looked up. If neither an answer nor a message comes within [`response_timeout`](crate::connector::builder::ConnectorBuilder::response_timeout), the connection is
/// lost. So one that leads nowhere is noticed after at most 1.5 s with the default settings, and a look-up that gets no answer adds 0.5 s.
///
/// After a failure they rest for 25 ms, then up to 250 ms, less at random, and so they do after a connection that lasted less than a second; after
/// a failure that will not pass by itself, such as a wrong password or channels that it may not subscribe to, for 5 s. A channel that is refused is
/// told to those who want it, and holds up the others of the same subscription, not other subscriptions.
///
/// Many channels are subscribed to in few round trips, 500 at a time, and [`Subscribed`](SubscriptionEvent::Subscribed) is told when the server has
/// confirmed each. No message of a channel comes before it.
///
/// It speaks RESP3 whatever the URL says, which Redis does since version 6.
///
/// # Clusters
///
/// In a cluster it is subscribed on any of the servers, for what is published reaches all of them. A server that has left the cluster looks as well
/// as before and hears nothing more: so it is asked with `CLUSTER NODES` in place of the `PING`, and so is another one, which has to know it still. The
/// servers that it names are remembered, and subscribed to when the ones that were named at first are gone.
///
/// Sharded channels are subscribed to on the servers that have their slots, over one connection to each. When a slot moves, or its server is lost,
/// they follow; those of other slots are not disturbed. Every fifth check the servers are asked who has the slots.
///
/// # Messages that are not taken
///
/// They wait in memory, up to 8,192 or [`capacity`](Self::capacity). After that the oldest are dropped, and
/// [`Missed`](SubscriptionEvent::Missed) says how many; [`when_full`](Self::when_full) changes that. A subscriber that does not take its messages does
/// not delay others.
#[must_use = "it subscribes to nothing before `next` is called"]
pub struct Subscription {
    manager: Arc<Manager>,
    /// Where there are several databases: it goes along.
    switching: Option<Arc<Switching>>,
    subscriber: Arc<Subscriber>,
    /// Those of its connector.
    shared: Arc<Pool>,
    /// Of its own, if it does not share connections.
    own: Option<Arc<Pool>>,
    served: Option<Served>,
    /// Taken from what is shared, and to be told next.
    taken: VecDeque<SubscriptionEvent>,
}

/// Where it is subscribed.
struct Served {
    runtime: Id,
    /// None: the places of its sharded channels are kept for each.
    hub: Option<Arc<Hub>>,
}

impl Subscription {
    pub(crate) fn new(
        manager: &Arc<Manager>,
        shared: &Arc<Pool>,
        switching: Option<&Arc<Switching>>,
        kind: Kind,
        names: &impl ToRedisArgs,
    ) -> Self {
        let subscriber = Arc::new(Subscriber::new(kind, &read(names), CAPACITY));
        if let Some(switching) = switching {
            let follower: Arc<dyn Follower> = Arc::<Subscriber>::clone(&subscriber);
            switching.follow(&follower);
        }
        Self {
            manager: manager.clone(),
            switching: switching.cloned(),
            shared: shared.clone(),
            subscriber,
            own: None,
            served: None,
            taken: VecDeque::new(),
        }
    }

    /// How many messages may wait to be taken. Default: 8,192.
    ///
    /// # Panics
    /// If it is zero.
    pub fn capacity(self, messages: usize) -> Self {
        assert!(messages > 0, "a subscription needs room for a message");
        self.subscriber.inbox().queue.capacity = messages;
        self
    }

    /// What happens to a message that arrives when the subscription is full. Default: the oldest message is dropped.
    pub fn when_full(self, when_full: WhenFull) -> Self {
        self.subscriber.inbox().queue.when_full = when_full;
        self
    }

    /// Uses connections of its own instead of shared ones: for a subscription that is much busier than all others. Call it before the first
    /// [`next`](Self::next).
    pub fn own_connection(mut self) -> Self {
        self.own = Some(Arc::default());
        self
    }

    /// The next event. Waits without a limit and is never `None`; it returns an `Option` as other [`Stream`]s do.
    ///
    /// # Cancellation
    /// Safe: no event is lost if the future is dropped, as in `select!`.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn next(&mut self) -> Option<SubscriptionEvent> {
        Some(poll_fn(|context| self.poll_event(context)).await)
    }

    /// Subscribes to more channels (patterns, for a subscription to patterns). Messages of the others arrive meanwhile. When the server has confirmed
    /// the new ones, [`Subscribed`](SubscriptionEvent::Subscribed) follows, once for several calls in a row.
    ///
    /// ```no_run
    /// # use redis_resilient::connection::Connector;
    /// # async fn run() -> redis::RedisResult<()> {
    /// let redis = Connector::open("redis://127.0.0.1/")?;
    /// let mut rooms = redis.subscribe("room:1");
    /// rooms.next().await;
    /// rooms.add(&["room:2", "room:3"]);
    /// rooms.remove("room:1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn add(&mut self, channels: impl ToRedisArgs) {
        let mut names = read(&channels);
        let mut inbox = self.subscriber.inbox();
        names.retain(|name| inbox.interest.want(name));
        if !inbox.is_served {
            return;
        }
        if inbox.interest.is_complete() {
            inbox.subscribed();
            return;
        }
        let Some(hub) = self.served.as_ref().and_then(|served| served.hub.as_ref()) else {
            #[cfg(feature = "cluster")]
            {
                inbox.places.seek(&names);
                self.subscriber.changed.notify_one();
            }
            return;
        };
        drop(inbox);
        if !hub.attach(&names, &self.subscriber) {
            // All are subscribed to anew.
            self.subscriber.ends();
        }
    }

    /// Unsubscribes from these channels or patterns; others are ignored. Messages that have arrived already are still delivered.
    pub fn remove(&mut self, channels: impl ToRedisArgs) {
        let names = read(&channels);
        #[cfg(feature = "cluster")]
        let mut places = Vec::new();
        {
            let mut inbox = self.subscriber.inbox();
            let mut completes = false;
            for name in &names {
                completes |= inbox.interest.unwant(name);
                #[cfg(feature = "cluster")]
                if let Some(hub) = inbox.places.leave(name) {
                    places.push((name.clone(), hub));
                }
            }
            if completes && inbox.is_served {
                inbox.subscribed();
            }
        }
        if let Some(hub) = self.served.as_ref().and_then(|served| served.hub.as_ref()) {
            hub.detach(&names, &self.subscriber);
        }
        #[cfg(feature = "cluster")]
        for (name, hub) in places {
            hub.detach(&[name], &self.subscriber);
        }
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<SubscriptionEvent> {
        let here = Handle::try_current().map(|handle| handle.id()).ok();
        // A runtime that it is not polled on may stand still.
        let is_elsewhere = |served: &Served| here.is_some_and(|here| here != served.runtime);
        if self.served.as_ref().is_some_and(is_elsewhere) {
            self.leave();
            self.begin();
        }
        let progress = ready!(poll_proceed(context));
        loop {
            if let Some(event) = self.taken.pop_front() {
                // Whoever takes them as fast as they come lets others have their turn.
                progress.made_progress();
                match &event {
                    SubscriptionEvent::Missed { count } => {
                        let settings = &self.manager.settings;
                        settings.tell(|events| events.missed(*count));
                    }
                    #[cfg(feature = "cluster")]
                    SubscriptionEvent::Subscribed => self.ends_gap(),
                    _ => {}
                }
                return Poll::Ready(event);
            }
            match self.subscriber.take(&mut self.taken, context) {
                Next::Taken => {}
                Next::Awaited => return Poll::Pending,
                Next::Nothing => {
                    self.leave();
                    self.begin();
                }
            }
        }
    }

    /// All its channels have been found again.
    #[cfg(feature = "cluster")]
    fn ends_gap(&self) {
        let gap = {
            let mut inbox = self.subscriber.inbox();
            let is_complete = inbox.interest.is_complete();
            inbox.gap.take_if(|_| is_complete)
        };
        if let Some(gap) = gap {
            let settings = &self.manager.settings;
            settings.tell(|events| events.found_again(&gap));
        }
    }

    /// Subscribes to everything.
    fn begin(&mut self) {
        let runtime = Handle::current().id();
        let (names, begun) = self.subscriber.begin();
        // After that: a switch from now on has it begin anew.
        if let Some(switching) = &self.switching {
            self.manager = switching.present().manager.clone();
        }
        let pool = self.own.as_ref();
        let pool = pool.unwrap_or(&self.shared);
        #[cfg(feature = "cluster")]
        if self.subscriber.kind == Kind::Shard
            && let Some(nodes) = &self.manager.nodes
        {
            self.subscriber.inbox().places.seek(&names);
            let shards = Shards {
                manager: self.manager.clone(),
                nodes: nodes.clone(),
                pool: pool.clone(),
                subscriber: self.subscriber.clone(),
                begun,
            };
            tokio::spawn(shards.run());
            self.served = Some(Served { runtime, hub: None });
            return;
        }
        let _ = begun;
        let hub = pool.attach(&self.manager, &names, &self.subscriber);
        let hub = Some(hub);
        self.served = Some(Served { runtime, hub });
    }

    /// Unsubscribes from everything.
    fn leave(&mut self) {
        if let Some(Served { hub: Some(hub), .. }) = self.served.take() {
            let names = self.subscriber.inbox().interest.names();
            hub.detach(&names, &self.subscriber);
        }
        #[cfg(feature = "cluster")]
        {
            let places = self.subscriber.inbox().places.leave_all();
            for (name, hub) in places {
                hub.detach(&[name], &self.subscriber);
            }
        }
    }
}

impl Stream for Subscription {
    type Item = SubscriptionEvent;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<SubscriptionEvent>> {
        self.poll_event(context).map(Some)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.subscriber.ends();
        #[cfg(feature = "cluster")]
        self.subscriber.changed.notify_one();
        self.leave();
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("to", &self.manager.endpoint)
            .finish_non_exhaustive()
    }
}

fn read(names: &impl ToRedisArgs) -> Vec<Name> {
    let names = names.to_redis_args();
    names.into_iter().map(Name::from).collect()
}
