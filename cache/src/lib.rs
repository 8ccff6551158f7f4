//! Cache-aside over Redis that survives Redis. Users name it through the crate `redis-resilient`, whose module `cache` is the guide.

mod answers;
mod cache;
mod codec;
mod copies;
mod counts;
mod defaults;
mod entry;
mod events;
mod flight;
mod freshness;
mod function;
mod held;
mod key;
mod lease;
mod load_result;
mod many;
mod missed;
mod near;
mod nearby;
mod owned;
mod pending;
mod private;
mod read;
mod read_blocking;
mod remembered;
mod report;
mod room;
mod served;
mod settings;
mod share;
mod state;
mod time_left;
mod tracking;
mod way;
mod worker;

pub use crate::cache::{Cache, CacheBuilder, Invalidated};
#[cfg(feature = "postcard")]
pub use crate::codec::Postcard;
pub use crate::codec::{Codec, CodecError, Json, NotEncoded};
pub use crate::room::{Limited, LoadError, Unlimited};
pub use crate::served::{Served, served, served_blocking};
pub use crate::share::LoadFailed;
pub use crate::state::Lifetime;

/// For expansions.
#[doc(hidden)]
pub mod __private {
    pub use crate::private::*;
}

/// For tests and benchmarks of the workspace. Not part of the public API.
#[doc(hidden)]
pub mod __seam {
    pub use crate::near::weight::Bounds;
    pub use crate::near::{Near, Ticket};
    pub use crate::tracking::{Tracker, near as near_tracking};
    pub use redis_resilient_connection::__seam::listening::{HasOrigin, Origin};
}
