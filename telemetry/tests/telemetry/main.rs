//! Metrics as those see them who read them. One process: what one test does, all see, so each has names of its own.
#![allow(
    clippy::await_holding_lock,
    reason = "each test has a runtime of its own"
)]
#![allow(
    clippy::unused_async,
    reason = "bodies and fallbacks that are ready at once"
)]
#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "the paths of the SDK are long"
)]

mod attribute;
mod documents;
mod metrics;
mod outage;
mod scraped;
mod secrets;
