//! The cache on real servers: what is read, loaded, stored, shared, invalidated, and served in need.

mod age;
mod events;
mod fleet;
mod invalidation;
mod late;
mod lease;
mod limit;
mod many;
mod near;
mod outage;
mod places;
mod reads;
mod reported;
mod stale;
mod stampede;
mod support;
