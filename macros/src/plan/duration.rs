//! A duration, as it would be written in the attribute.

use std::time::Duration;

/// In the largest unit that leaves a whole number.
pub(crate) fn show(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    let (unit, name) = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ]
    .into_iter()
    .find(|(unit, _)| nanoseconds != 0 && nanoseconds.is_multiple_of(*unit))
    .unwrap_or((1, "ns"));
    format!("{}{name}", nanoseconds / unit)
}
