//! Numbers, as people read them.

/// Where there is nothing to say.
pub(crate) const NONE: &str = "-";

/// A time in milliseconds.
pub(crate) fn time(ms: Option<u64>) -> String {
    let Some(ms) = ms else {
        return NONE.to_owned();
    };
    let s = ms / 1_000;
    match s {
        0 => format!("{ms} ms"),
        1..=9 => format!("{s}.{} s", ms % 1_000 / 100),
        10..=59 => format!("{s} s"),
        60..=3_599 => format!("{} min {} s", s / 60, s % 60),
        3_600..=86_399 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// A time in microseconds.
pub(crate) fn micros(us: Option<u64>) -> String {
    match us {
        None => NONE.to_owned(),
        Some(us @ 0..=999) => format!("{us} µs"),
        Some(us @ 1_000..=9_999) => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        Some(us) => time(Some(us / 1_000)),
    }
}

/// A number with its thousands apart.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn number_or_none(n: Option<u64>) -> String {
    n.map_or_else(|| NONE.to_owned(), number)
}

/// The share of a part, in per cent.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return NONE.to_owned();
    }
    // In tenths; more than all is no share.
    let tenths = u128::from(part.min(whole)) * 1_000 / u128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

pub(crate) fn bytes(n: u64) -> String {
    const KIB: u64 = 1_024;
    const MIB: u64 = KIB * KIB;
    match n {
        0..KIB => format!("{n} B"),
        KIB..MIB => format!("{}.{} KiB", n / KIB, n % KIB * 10 / KIB),
        _ => format!("{}.{} MiB", n / MIB, n % MIB * 10 / MIB),
    }
}

/// So many more in so many milliseconds, in a second.
pub(crate) fn per_second(more: u64, ms: u64) -> Option<u64> {
    let per_second = u128::from(more) * 1_000 / u128::from(ms.max(1));
    (ms > 0).then(|| u64::try_from(per_second).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_fits() {
        let shown = |ms| time(Some(ms));
        assert_eq!(shown(0), "0 ms");
        assert_eq!(shown(999), "999 ms");
        assert_eq!(shown(1_250), "1.2 s");
        assert_eq!(shown(59_999), "59 s");
        assert_eq!(shown(61_000), "1 min 1 s");
        assert_eq!(shown(7_260_000), "2 h 1 min");
        assert_eq!(shown(90_000_000), "1 d 1 h");
        assert_eq!(time(None), "-");
        assert_eq!(micros(Some(850)), "850 µs");
        assert_eq!(micros(Some(1_234)), "1.2 ms");
        assert_eq!(micros(Some(1_500_000)), "1.5 s");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(number(7), "7");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(100), "100");
        assert_eq!(
            (share(1, 3), share(0, 0), share(5, 4)),
            ("33.3 %".into(), "-".into(), "100.0 %".into())
        );
        assert_eq!(
            (bytes(1_023), bytes(1_536), bytes(3 * 1_048_576)),
            ("1023 B".into(), "1.5 KiB".into(), "3.0 MiB".into())
        );
        assert_eq!(
            (
                per_second(500, 1_000),
                per_second(1, 0),
                per_second(5, 2_000)
            ),
            (Some(500), None, Some(2))
        );
    }
}
