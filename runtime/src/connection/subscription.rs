//! A subscription that comes back.

mod attempt;
mod follow;
mod membership;
mod watch;

use std::fmt;
use std::sync::Arc;

use redis::{Msg, RedisError, ToRedisArgs};
use tokio::sync::mpsc::UnboundedReceiver;

use self::follow::follow;
use super::Connector;
use super::keeper::Keeper;

impl Connector {
    /// A subscription to these channels that subscribes again when its connection is lost. Connects nothing before
    /// [`next`](Subscription::next) is first called.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn subscribe(&self, channels: impl ToRedisArgs) -> Subscription {
        Subscription::new(self, Wanted::Channels(channels.to_redis_args()))
    }

    /// The same, to the channels whose names match these patterns.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn psubscribe(&self, patterns: impl ToRedisArgs) -> Subscription {
        Subscription::new(self, Wanted::Patterns(patterns.to_redis_args()))
    }
}

/// A subscription that comes back: when its connection is lost, it connects and subscribes again, behind Sentinels to the master of then.
///
/// What is published meanwhile is lost: Redis keeps nothing for subscribers who are not there. So it tells of each gap, and of its end.
///
/// ```no_run
/// use redis_resilient::connection::{Connector, SubscriptionEvent};
///
/// # async fn run() -> redis::RedisResult<()> {
/// let redis = Connector::open("redis://127.0.0.1/")?;
/// let mut invalidations = redis.subscribe(&["users", "orders"]);
/// loop {
///     match invalidations.next().await {
///         // Whatever was published before this has been missed: begin with nothing.
///         SubscriptionEvent::Subscribed => forget_everything(),
///         SubscriptionEvent::Message(message) => forget(message.get_channel_name(), &message.get_payload::<String>()?),
///         SubscriptionEvent::Lost(error) => eprintln!("no invalidations: {error}"),
///         _ => {}
///     }
/// }
/// # }
/// # fn forget_everything() {}
/// # fn forget(_: &str, _: &str) {}
/// ```
///
/// After each [`health_check_after`](super::ConnectorBuilder::health_check_after) the server is sent a `PING`, and behind Sentinels the master is
/// looked up. If neither an answer nor a message comes within [`response_timeout`](super::ConnectorBuilder::response_timeout), the connection is
/// lost. So one that leads nowhere is noticed after at most 1.5 s with the default settings, and a look-up that gets no answer adds 0.5 s.
///
/// In a cluster it is subscribed on any of the servers, for what is published reaches all of them. A server that has left the cluster looks as well
/// as before and hears nothing more: so it is asked with `CLUSTER NODES` in place of the `PING`, and so is another one, which has to know it still. The
/// servers that it names are remembered, and subscribed to when the ones that were named at first are gone.
///
/// Many channels are subscribed to in few round trips, 500 at a time, and [`Subscribed`](SubscriptionEvent::Subscribed) is told when the server has
/// confirmed each.
///
/// After a failure it rests for 25 ms, then up to 250 ms, less at random; after one that will not pass by itself, such as a wrong password or
/// channels that it may not subscribe to, for 5 s.
///
/// It speaks RESP3 whatever the URL says, which Redis does since version 6. It is a task of tokio's from the first `next` until it is dropped.
/// Messages that are not taken wait in memory, without a limit.
pub struct Subscription {
    keeper: Arc<Keeper>,
    wanted: Wanted,
    events: Option<UnboundedReceiver<SubscriptionEvent>>,
}

/// What a [`Subscription`] has to tell.
#[derive(Debug)]
#[non_exhaustive]
pub enum SubscriptionEvent {
    /// It is subscribed, to all channels or patterns, for the first time or again. What was published before this, since the last message, may have
    /// been missed.
    Subscribed,
    /// What somebody has published.
    Message(Msg),
    /// The connection has been lost, or cannot be made: no message comes until the next [`Subscribed`](Self::Subscribed). Told once, and again
    /// where it turns out that it will not pass by itself, such as a wrong password, or that it will after all.
    Lost(RedisError),
}

#[derive(Clone, Debug)]
enum Wanted {
    Channels(Vec<Vec<u8>>),
    Patterns(Vec<Vec<u8>>),
}

impl Subscription {
    fn new(connector: &Connector, wanted: Wanted) -> Self {
        Self {
            keeper: connector.keeper.clone(),
            wanted,
            events: None,
        }
    }

    /// What happens next. Waits for it without an end.
    ///
    /// Nothing is lost if its future is dropped, as in `select!`.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn next(&mut self) -> SubscriptionEvent {
        loop {
            let events = self
                .events
                .get_or_insert_with(|| follow(self.keeper.clone(), self.wanted.clone()));
            match events.recv().await {
                Some(event) => return event,
                // The task is gone with its runtime.
                None => self.events = None,
            }
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("to", &self.keeper.source)
            .finish_non_exhaustive()
    }
}
