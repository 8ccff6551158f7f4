//! Dates with a time, as RFC 3339 has them.

pub(crate) const EXPECTED: &str =
    "a date and a time with its zone, such as \"2030-01-31T18:30:00Z\"";

const DAY_MS: i64 = 86_400_000;

/// In milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    read(text).ok_or_else(|| format!("expected {EXPECTED}, got something else"))
}

fn read(text: &str) -> Option<u64> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    // A second more, where one is put in.
    let is_time = hour < 24 && minute < 60 && second <= 60;
    let is_date = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !is_time || !is_date {
        return None;
    }
    let zoned = rest.trim_start_matches(|char: char| char == '.' || char.is_ascii_digit());
    let is_fraction = match rest.strip_suffix(zoned)?.strip_prefix('.') {
        Some(digits) => !digits.is_empty() && !digits.contains('.'),
        None => rest.len() == zoned.len(),
    };
    if !is_fraction {
        return None;
    }
    let ahead = zone(zoned)?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
        - ahead * 60;
    u64::try_from(seconds.checked_mul(1_000)?).ok()
}

/// So many minutes ahead of UTC.
fn zone(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = text.split_at_checked(1)?;
    let [hours, minutes] = numbers(rest, ':', [2, 2])?;
    let ahead = hours * 60 + minutes;
    match sign {
        _ if hours > 23 || minutes > 59 => None,
        "+" => Some(ahead),
        "-" => Some(-ahead),
        _ => None,
    }
}

/// Numbers of so many digits.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut all = [0; N];
    for (number, digits) in all.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(all)
}

const fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    let months: i64 = (1..month).map(|month| days_of(year, month)).sum();
    years + months + day - 1
}

/// In UTC.
pub(crate) fn shown(at_ms: u64) -> String {
    let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
    let (mut days, rest) = (at_ms / DAY_MS, at_ms % DAY_MS / 1_000);
    let mut year = 1970;
    // As it is read, there are at most four digits.
    while year < 9_999 && days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days >= days_of(year, month) {
        days -= days_of(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!(
        "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        days + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_is_shown() {
        for (text, at_ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799_000),
            ("2026-11-30T18:30:00Z", 1_796_063_400_000),
            ("2030-01-31T18:30:00Z", 1_896_114_600_000),
            ("2100-03-01T00:00:00Z", 4_107_542_400_000),
        ] {
            assert_eq!(parse(text), Ok(at_ms), "{text}");
            assert_eq!(shown(at_ms), text);
        }
    }

    #[test]
    fn zones_and_fractions_are_understood() {
        let noon = parse("2030-01-31T12:00:00Z");
        for text in [
            "2030-01-31T14:00:00+02:00",
            "2030-01-31 06:30:00-05:30",
            "2030-01-31t12:00:00.123z",
        ] {
            assert_eq!(parse(text), noon, "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2030-01-31",
            "2030-01-31T12:00:00",
            "2030-02-30T12:00:00Z",
            "2030-13-01T12:00:00Z",
            "2030-01-31T24:00:00Z",
            "2030-01-31T12:00:00.Z",
            "2030-01-31T12:00:00.1.2Z",
            "2030-01-31T12:00:00+2",
            "2030-01-31T12:00:00+99:00",
            "30-01-31T12:00:00Z",
            "2030-01-31T12:00:00Z and more",
            "ä030-01-31T12:00:00Z",
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("2030-01-31T18:30:00Z"), "{error}");
        }
    }
}
