//! Commands to a cluster: each to the server that has its keys, and on to the one that a redirection names.

pub(crate) mod blocking;
pub(crate) mod connection;
mod each;
