//! What is written to `tracing`, beyond what its subscriber is told to take.
//!
//! # Few lines
//!
//! What comes with every call or connection of an outage is not written each time, whatever the number of calls. Of lines that say the same of the
//! same function, connector, cache or stream, two are written at once, and the next ones after 1, 2, 4 … seconds of silence, 30 at most. Each says
//! how many there would have been since the last (`left_out`) and in what time (`left_out_ms`). The line that tells of the end, `circuit closed` or
//! `connected again`, has the rest. So an outage of a minute is about 8 lines of each kind, be there ten calls in it or a million, and never more
//! than 20 in a second of one function.
//!
//! Changes of a circuit are always written. An [`Observer`](crate::Observer) is told every event.
//!
//! [`write_every_line`] turns that off.
//!
//! # Spans
//!
//! A call that does not go well has a span from the first attempt that fails, or from where the circuit refuses it: `redis call`, at the level
//! `INFO`, a child of the caller's. Later attempts and the fallback run in it, on whatever thread they are polled, and lines about the call are
//! written in it. A call that succeeds at once has none, and pays nothing for it. With the feature `call-spans`,
#![cfg_attr(feature = "call-spans", doc = "[`spans_for_all_calls`]")]
#![cfg_attr(not(feature = "call-spans"), doc = "`spans_for_all_calls`")]
//! has each call have one, from its beginning.
//!
//! Each attempt that fails is an event in it too, at the level `TRACE`, and these are not limited: they are for those who export spans. They have
//! `attempt`, and the fields below that are about a failure.
//!
//! Its fields have the names of OpenTelemetry's [conventions for database
//! clients](https://opentelemetry.io/docs/specs/semconv/db/database-spans/) where there is one:
//!
//! | field | what it is |
//! |---|---|
//! | `otel.name`, `function` | the function |
//! | `otel.kind` | `client` |
//! | `otel.status_code` | `ERROR`, if the caller gets an error |
//! | `db.system.name` | `redis` |
//! | `db.response.status_code` | the code of the last error that Redis answered with, such as `LOADING` |
//! | `error.type` | the class of the last failure |
//! | `error` | its text |
//! | `server.address`, `server.port` | the server that it came from, where that is known |
//! | `breaker` | the breaker that the function is on |
//! | `attempts` | how many attempts have failed |
//! | `outcome` | `redis`: the first attempt succeeded; `retried`: a later one; `fallback`; `error` |
//!
//! `db.operation.name`, `db.query.text` and `db.namespace` are not there: a call may send any number of commands, to any database, and
//! what is in them is nobody's business. `server.address` is known of failures only.
//!
//! Not in the span, but its parent's child all the same: the body of a function with neither breaker nor timeout nor deadline, and fallbacks of
//! synchronous functions.

use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) const TARGET: &str = "redis_resilient";

static EVERY_LINE: AtomicBool = AtomicBool::new(false);

/// Whether lines are written however often they come (`true`), or a few of each kind (`false`, as it is at first).
///
/// For a test that counts lines, and for the hour in which each of them is wanted.
///
/// ```
/// redis_resilient::logging::write_every_line(true);
/// # redis_resilient::logging::write_every_line(false);
/// ```
pub fn write_every_line(every: bool) {
    EVERY_LINE.store(every, Ordering::Relaxed);
}

#[cfg(feature = "call-spans")]
static ALL_CALLS: AtomicBool = AtomicBool::new(false);

/// Whether each call has a span from now on (`true`), or those that do not go well (`false`, as it is at first). With the feature `call-spans`.
///
/// A span costs a call about a microsecond and some allocations if a subscriber takes it, by its level `INFO` and its target `redis_resilient`; else
/// next to nothing.
///
/// ```
/// redis_resilient::logging::spans_for_all_calls(true);
/// # redis_resilient::logging::spans_for_all_calls(false);
/// ```
#[cfg(feature = "call-spans")]
pub fn spans_for_all_calls(all: bool) {
    ALL_CALLS.store(all, Ordering::Relaxed);
}

/// Whether each call is to have a span.
#[cfg(feature = "call-spans")]
#[inline]
pub(crate) fn are_all_calls_in_spans() -> bool {
    ALL_CALLS.load(Ordering::Relaxed)
}

/// Without the feature nothing of it is left.
#[cfg(not(feature = "call-spans"))]
#[inline]
pub(crate) const fn are_all_calls_in_spans() -> bool {
    false
}

/// Whether only a few lines of each kind are written.
pub(crate) fn is_limited() -> bool {
    !EVERY_LINE.load(Ordering::Relaxed)
}
