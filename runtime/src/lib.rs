//! What expansions of `#[redis_resilient]` call: small, and on the way of every call. Users name it through the crate `redis-resilient`, whose
//! documentation is the guide.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[doc(hidden)]
#[path = "seam.rs"]
pub mod __seam;
mod attempt;
mod backoff;
mod breaker;
mod budget;
mod bulkhead;
mod call;
mod cause;
mod class;
mod clock;
mod cut_off;
mod default_breaker;
mod error_text;
pub mod event;
mod fallback;
mod function;
mod handle;
pub mod kill_switch;
mod observer;
mod policy;
pub mod registry;
mod rejection;
mod result_like;
mod sync;
mod weak_list;

pub use backoff::{Backoff, Jitter};
pub use breaker::{Breaker, BreakerEvent, DEFAULT_BREAKER, Permit, Snapshot, State, Transition};
pub use bulkhead::{Bulkhead, BulkheadPermit};
pub use class::{Class, Classify, never_sent};
#[cfg(any(test, feature = "test-util"))]
pub use clock::manual::{InstalledClock, ManualClock, seed_randomness};
pub use event::Event;
pub use observer::{Observer, observe};
pub use policy::{ClassifiedPolicy, FallbackOn, Policy};
pub use registry::Registry;
pub use rejection::Rejection;
