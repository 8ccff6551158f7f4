//! Subscriptions that come back: all of a connector over one connection to each server.

pub(crate) mod connect;
pub(crate) mod event;
pub(crate) mod gate;
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
