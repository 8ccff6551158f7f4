//! Subscriptions of a connector.

use redis::ToRedisArgs;

use crate::connector::Connector;
use crate::pubsub::registry::Kind;
use crate::pubsub::subscription::Subscription;

impl Connector {
    /// A subscription to these channels that reconnects and subscribes again when its connection is lost. Does not connect before
    /// [`next`](Subscription::next) is first called.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn subscribe(&self, channels: impl ToRedisArgs) -> Subscription {
        self.subscription(Kind::Channel, &channels)
    }

    /// As [`subscribe`](Self::subscribe), to the channels whose names match these patterns.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn psubscribe(&self, patterns: impl ToRedisArgs) -> Subscription {
        self.subscription(Kind::Pattern, &patterns)
    }

    /// As [`subscribe`](Self::subscribe), to these sharded channels (`SPUBLISH`): in a cluster only the server that has a channel's slot handles its
    /// messages.
    ///
    /// They need Redis 7 or Valkey; with an older server the subscription yields [`Lost`](crate::SubscriptionEvent::Lost). They also work without a cluster.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn ssubscribe(&self, channels: impl ToRedisArgs) -> Subscription {
        self.subscription(Kind::Shard, &channels)
    }

    fn subscription(&self, kind: Kind, names: &impl ToRedisArgs) -> Subscription {
        // Without a thread that watches the databases it does not move along, and the next command says so.
        let manager = self.used().unwrap_or(&self.manager);
        Subscription::new(manager, &self.hubs, self.switching(), kind, names)
    }
}
