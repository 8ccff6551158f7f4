//! Metrics of `redis-resilient`: what the [`Registry`](redis_resilient_runtime::Registry) has and what events tell, as counters, gauges and a
//! histogram, for the facade of the crate `metrics` (module `facade`) and for OpenTelemetry (module `otel`), each with a feature. The feature `prometheus` has the text for a
//! scrape ready.
//!
//! Both have the same metrics, by the same description: [`metrics()`](fn@metrics). `docs/metrics.md` of the repository lists them; a dashboard for Grafana and alert
//! rules for Prometheus are in its folders `telemetry/grafana` and `telemetry/alerts`.
//!
//! # What a call pays
//!
//! A few instructions, which write to what only its thread writes. All else happens when somebody reads: so it is read at the scrape, and while
//! nobody does, nothing grows.
//!
//! # What is there, and from when
//!
//! * Breakers, bulkheads and connectors from when the registry lists them: [register](redis_resilient_runtime::Registry::register) at the start what is to be
//!   there from the start. Functions from their first call.
//! * A counter is 0 at the first reading that has it, whatever has happened before, and tells that at the next. So the very first failure after a
//!   restart is an increase, and `increase(…)` in an alert sees it.
//! * Labels are names that are written in the program: of functions, breakers, bulkheads, connectors, caches and journals; streams and groups of consumers.
//!   Nothing that an error says, no key, no address but that of the connector.
//! * Of each kind 500 names have series of their own. What comes after them is summed up under the name `other`, but for what is in trouble:
//!   that gets series of its own while there are not 500 of these, too.
//!
//! # Attempts
//!
//! `resilient.attempt.duration` is a sample, in proportion: see [`AttemptDurations`](redis_resilient_runtime::registry::AttemptDurations) for which attempts are
//! timed. Durations are told as the middle of one of six buckets per decade, and at most 20,000 for each series and reading: its count is not that of the
//! calls, which `resilient.calls` is. There are no exemplars: they would have to be taken in the call, and the SDK for Rust has none.

mod describe;
mod events;
#[cfg(feature = "metrics")]
pub mod facade;
mod names;
#[cfg(feature = "opentelemetry")]
pub mod otel;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod reading;

pub use describe::{DURATION_BUCKETS, Instrument, Metric, metrics};

/// Counts events from now on: connections made and lost, failovers, stale values, what journals and consumers have lost. Again it does nothing.
///
/// What reads the metrics calls it too. Call it when the application starts, or connections that are made before the first reading are not counted.
pub fn start() {
    events::start();
}
