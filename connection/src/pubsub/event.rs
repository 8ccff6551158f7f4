//! What a subscription tells, and what it does with what nobody takes.

use redis::{Msg, RedisError};

/// What a [`Subscription`](crate::pubsub::subscription::Subscription) has to tell.
#[derive(Debug)]
#[non_exhaustive]
pub enum SubscriptionEvent {
    /// It is subscribed to all its channels or patterns, for the first time, again, or since one was [added](crate::pubsub::subscription::Subscription::add). What was
    /// published before this, since the last message, may have been missed.
    Subscribed,
    /// What somebody has published.
    Message(Msg),
    /// The connection has been lost, or cannot be made, or a channel is refused: no message of the channels concerned comes until the next
    /// [`Subscribed`](Self::Subscribed). Told once, and again where it turns out that it will not pass by itself, such as a wrong password, or that
    /// it will after all.
    Lost(RedisError),
    /// Nobody took the messages, more came than it has [room](crate::pubsub::subscription::Subscription::capacity) for, and some were dropped: they would have come here.
    #[non_exhaustive]
    Missed {
        /// How many.
        count: u64,
    },
}

/// What a [`Subscription`](crate::pubsub::subscription::Subscription) does with a message that comes while it is [full](crate::pubsub::subscription::Subscription::capacity).
///
/// None of them holds up other subscriptions, and none is silent. That the server itself waits is not among them: redis-rs reads on whatever
/// happens, and Redis ends the connection of a subscriber for whom more than `client-output-buffer-limit pubsub` waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// Drops the oldest message that waits, and tells [`Missed`](SubscriptionEvent::Missed) in its place: for news of which the last is worth most.
    #[default]
    DropOldest,
    /// Drops the one that comes, and tells [`Missed`](SubscriptionEvent::Missed) after those that wait: for what is worth most in one piece.
    DropNewest,
    /// Takes no more and unsubscribes, so that the server sends nothing in vain. When what waits has been taken, it tells
    /// [`Lost`](SubscriptionEvent::Lost), subscribes, and tells [`Subscribed`](SubscriptionEvent::Subscribed): for those who begin anew after
    /// a gap anyway.
    Resubscribe,
}
