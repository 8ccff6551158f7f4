//! Metrics as those see them who read them. One process: what one test does, all see, so each has names of its own.
//!
//! Of the rows of `reported-problems.md`, "Operating: metrics, consoles, health, settings, tools, several databases", these are about metrics and
//! logs:
//!
//! | row | test |
//! |---|---|
//! | O1, changing settings blinds the monitoring | `metrics.rs`: a breaker that takes another one's place; `stores.rs`: a journal, a consumer. Settings from files change a breaker in place |
//! | O2, success and failure have other labels | `metrics.rs`, in both orders; labels are written down once for each metric (`describe.rs`), so they cannot differ |
//! | O4, the state shown is not the one acted on | `metrics.rs`, every transition. The state is read from the breaker at the scrape: there is nothing that could forget to publish it |
//! | O5, what is told depends on the roles held | `roles.rs`: a failover there and back; `stores.rs`: consumers that end and begin |
//! | O7, gauges stay up when calls are dropped | `metrics.rs`: dropped before and after the first poll, panicked, as a probe. There is no gauge of calls in flight for each function: `docs/metrics.md` says why |
//! | O8, series vanish, or memory grows unread | `metrics.rs`: unread, and with an idle timeout in the exporter |
//! | O10, odd names take all places | `../odd_names.rs` |
//! | O11, the first failure is no increase | `metrics.rs`, and `stores.rs` for what is at 0 before anything happens |
//! | O13, too many lines | `tests/tests/telling/on_call.rs` |
//! | O14, secrets | `secrets.rs`, and `tests/tests/telling/` |
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

mod alerts;
mod attribute;
mod documents;
mod metrics;
mod outage;
mod roles;
mod scraped;
mod secrets;
mod stores;
