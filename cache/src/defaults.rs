//! What holds where nothing is written, once for the builder, the attribute and its docs. `macros/src/cached/defaults.rs` is a link to this file.

use std::time::Duration;

/// Attempts to reach Redis after the first: one is enough for a connection that was closed; more is what the primary store is for.
pub(crate) const RETRIES: u32 = 1;
/// The longest pause before that.
pub(crate) const DELAY: Duration = Duration::from_millis(10);
/// How long Redis has for an answer: longer than it needs, shorter than the primary store.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(250);
/// The part of its time by which an entry lives longer or shorter.
pub(crate) const JITTER: f64 = 0.1;
/// How long one load may keep others waiting.
pub(crate) const LEASE: Duration = Duration::from_secs(5);
/// How long a caller waits for room at the primary store.
pub(crate) const LIMIT_WAIT: Duration = Duration::from_secs(1);
/// What is computed for each value is cut off there: invalidations have to be remembered for as long.
pub(crate) const LONGEST_OF_EACH: Duration = Duration::from_secs(30 * 24 * 3_600);
