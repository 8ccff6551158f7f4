//! What a call through `redis-resilient` costs, beside its peers.
//!
//! One catalogue of [`Scenario`]s, and three that run it: the criterion benches, `table` and `instructions`.

pub mod batch;
mod bodies;
pub mod callgrind;
mod ours;
mod peers;
mod primitives;
pub mod rounds;
mod scenario;
pub mod server;
mod threads;

pub use ours::future_sizes;
pub use scenario::{GROUPS, Group, Scenario, Who, all, of_group};
pub use threads::{Shared, shared_by_threads, together};
