//! Commands to one server: over its shared connections, over one that waits, and from synchronous code.

pub(crate) mod beside;
pub(crate) mod blocking;
pub(crate) mod multiplexed;
pub(crate) mod replication;
pub(crate) mod waiting;
