//! Subscriptions of a connector.

use redis::ToRedisArgs;

use crate::connector::Connector;
use crate::pubsub::registry::Kind;
use crate::pubsub::subscription::Subscription;

impl Connector {
    /// A subscription to these channels that subscribes again when its connection is lost. Connects nothing before
    /// [`next`](Subscription::next) is first called.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn subscribe(&self, channels: impl ToRedisArgs) -> Subscription {
        Subscription::new(&self.manager, &self.hubs, Kind::Channel, &channels)
    }

    /// The same, to the channels whose names match these patterns.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn psubscribe(&self, patterns: impl ToRedisArgs) -> Subscription {
        Subscription::new(&self.manager, &self.hubs, Kind::Pattern, &patterns)
    }

    /// The same, to these sharded channels, of `SPUBLISH`: in a cluster each is the business of the server that has its slot, and what is published
    /// burdens no other.
    ///
    /// They need Redis 7 or Valkey; an older server is told as [`Lost`](crate::SubscriptionEvent::Lost). A server without a cluster has them, too.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn ssubscribe(&self, channels: impl ToRedisArgs) -> Subscription {
        Subscription::new(&self.manager, &self.hubs, Kind::Shard, &channels)
    }
}
