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
mod chain;
#[cfg(feature = "chaos")]
pub mod chaos;
mod class;
mod clock;
mod counts;
mod cut_off;
mod default_breaker;
mod defaults;
mod diagnosis;
mod error_text;
pub mod event;
mod fallback;
#[cfg(feature = "chaos")]
mod fault;
mod function;
mod handle;
mod hedge;
pub mod kill_switch;
#[cfg(feature = "tracing")]
pub mod logging;
mod observer;
mod outage;
mod overrides;
mod policy;
mod queued;
mod rarely;
pub mod registry;
mod rejection;
mod request_budget;
mod result_like;
mod served_by;
mod settings;
mod state;
mod sync;
mod watchdog;
mod weak_list;

pub use backoff::{Backoff, Jitter};
pub use breaker::{Breaker, BreakerEvent, DEFAULT_BREAKER, Permit, Snapshot, Transition};
pub use bulkhead::{Bulkhead, BulkheadPermit};
pub use class::{Class, Classify, never_sent};
#[cfg(any(test, feature = "test-util"))]
pub use clock::manual::{InstalledClock, ManualClock, seed_randomness};
pub use event::Event;
pub use observer::{Observer, observe};
pub use outage::{is_outage, retry_after};
pub use policy::{ClassifiedPolicy, Policy};
pub use registry::Registry;
pub use rejection::Rejection;
#[cfg(feature = "request-budget")]
pub use request_budget::{RequestBudget, WithinBudget};
pub use served_by::ServedBy;
pub use settings::FallbackOn;
pub use state::State;
