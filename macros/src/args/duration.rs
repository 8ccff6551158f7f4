//! `1.5s` to [`Duration`], as the attribute and the environment of a connector read it.
//!
//! One file for both: a macro crate exports nothing that the crate of the connections could call, so that one has a symbolic link to it.

use std::time::Duration;

pub(crate) const UNITS: &str = "`ns`, `us`, `ms`, `s`, `m`, `h`";

/// What is wrong with the text, as the end of a sentence.
pub(crate) type Complaint = String;

/// A number and its unit; zero is a duration here.
pub(crate) fn parse(text: &str) -> Result<Duration, Complaint> {
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("is empty: write a number and a unit ({UNITS})"));
    }
    if text.starts_with('-') {
        return Err("is negative: write it without the minus".to_owned());
    }
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '_');
    let number = text.strip_suffix(digits).unwrap_or_default();
    let unit = digits.trim();
    if number.is_empty() {
        return Err(format!(
            "does not start with a number: write a number and a unit ({UNITS})"
        ));
    }
    if unit.is_empty() {
        return Err(format!(
            "has no unit: write `\"{number}ms\"` (units: {UNITS})"
        ));
    }
    let nanoseconds = nanoseconds_of(unit)?;
    let total = scale(number, nanoseconds)?;
    // 584 years; what `Duration` holds beyond that, no clock can add.
    u64::try_from(total)
        .map(Duration::from_nanos)
        .map_err(|_| too_long())
}

fn nanoseconds_of(unit: &str) -> Result<u128, Complaint> {
    Ok(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ if unit.contains(|c: char| c.is_ascii_digit()) => {
            return Err(
                "has more than one number: write one number and one unit, like `\"90s\"`"
                    .to_owned(),
            );
        }
        _ => return Err(unknown_unit(unit)),
    })
}

fn unknown_unit(unit: &str) -> Complaint {
    let meant = match unit.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => "ms",
        "us" | "usec" | "micro" | "micros" | "microsecond" | "microseconds" => "us",
        "ns" | "nsec" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => "ns",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => return format!("has the unit `{unit}`: the longest unit is `h`"),
        _ => return format!("has the unknown unit `{unit}`: use one of {UNITS}"),
    };
    format!("has the unknown unit `{unit}`; did you mean `{meant}`?")
}

/// `number` (digits, perhaps a fraction) times `unit`.
fn scale(number: &str, unit: u128) -> Result<u128, Complaint> {
    let plain = number.replace('_', "");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
        return Err(format!(
            "has `{number}`, which is not a number: write digits with at most one point, like `\"1.5s\"`"
        ));
    }
    let value = |digits: &str| match digits {
        "" => Ok(0),
        _ => digits.parse::<u128>().map_err(|_| too_long()),
    };
    let fraction = fraction.trim_end_matches('0');
    let parts = u32::try_from(fraction.len())
        .ok()
        .and_then(|length| 10_u128.checked_pow(length))
        .ok_or_else(too_fine)?;
    let below_one = value(fraction)?.checked_mul(unit).ok_or_else(too_fine)?;
    if below_one % parts != 0 {
        return Err(too_fine());
    }
    value(whole)?
        .checked_mul(unit)
        .and_then(|whole| whole.checked_add(below_one / parts))
        .ok_or_else(too_long)
}

fn too_long() -> Complaint {
    "is longer than 500 years: write a shorter one".to_owned()
}

fn too_fine() -> Complaint {
    "is not a whole number of nanoseconds: round it".to_owned()
}
