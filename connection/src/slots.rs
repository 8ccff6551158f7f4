//! The slots of a cluster: which server has which, where a command goes, and what a redirection says. Pure.

#[cfg(feature = "cluster")]
pub(crate) mod address;
pub(crate) mod redirect;
pub(crate) mod route;
pub(crate) mod slot_map;
pub(crate) mod split;
