//! Durations for readers.

use std::time::Duration;

const UNITS: [(u128, &str); 6] = [
    (3_600_000_000_000, "h"),
    (60_000_000_000, "min"),
    (1_000_000_000, "s"),
    (1_000_000, "ms"),
    (1_000, "µs"),
    (1, "ns"),
];

/// With at most three decimals; what is cut off counts as one more, for this is said of limits.
pub(super) fn show(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    let (unit, name) = UNITS
        .into_iter()
        .find(|(unit, _)| nanoseconds >= *unit)
        .unwrap_or((1, "ns"));
    let thousandths = (nanoseconds.saturating_mul(1000)).div_ceil(unit);
    let decimals = format!("{:03}", thousandths % 1000);
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{}{point}{decimals} {name}", thousandths / 1000)
}
