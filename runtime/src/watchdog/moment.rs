//! Moments as numbers.

use std::sync::OnceLock;
use std::time::Duration;

use crate::clock::Instant;

/// Of one who does not wait, and of an entry that is in no queue.
pub(super) const NEVER: u64 = u64::MAX;

/// Room below the first reading: a paused test clock may be behind it.
const HEAD_START: Duration = Duration::from_secs(86_400);

fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(HEAD_START).unwrap_or(now)
    })
}

/// In nanoseconds: enough for 584 years.
#[inline]
pub(super) fn since_origin(at: Instant) -> u64 {
    let since = at.saturating_duration_since(origin());
    let whole = since.as_secs().saturating_mul(1_000_000_000);
    whole
        .saturating_add(u64::from(since.subsec_nanos()))
        .min(NEVER - 1)
}

/// The same back. `since` comes from a time that there is.
pub(super) fn instant(since: u64) -> Instant {
    origin() + Duration::from_nanos(since)
}
