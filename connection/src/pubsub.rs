//! Subscriptions that come back: all of a connector over one connection to each server.
//!
//! Circle: `pubsub::connect`, `pubsub::hub`, `pubsub::pool`, `pubsub::shards`, `pubsub::subscriber`, `pubsub::task`, `pubsub::watch`: a subscriber keeps the places of its sharded channels, and who sees to these subscribes him; a hub has a task, and the task serves the hub.

pub(crate) mod connect;
pub(crate) mod event;
pub(crate) mod hub;
pub(crate) mod interest;
pub(crate) mod membership;
pub(crate) mod pool;
pub(crate) mod queue;
pub(crate) mod registry;
#[cfg(feature = "cluster")]
pub(crate) mod shards;
pub(crate) mod subscriber;
pub(crate) mod subscription;
pub(crate) mod task;
pub(crate) mod watch;
