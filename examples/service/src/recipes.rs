//! One recipe in each file. Above the line `// The rest is the shop's.` is what has to do with Redis being away, below it what a shop has anyway.

pub(crate) mod cached_users;
pub(crate) mod connection;
pub(crate) mod console;
pub(crate) mod consumer;
pub(crate) mod http_503;
pub(crate) mod metrics;
pub(crate) mod orders;
pub(crate) mod rate_limit;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod views;
