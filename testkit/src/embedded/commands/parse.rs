//! Numbers as Redis reads them.

pub(super) const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
pub(super) const NOT_A_FLOAT: &str = "ERR value is not a valid float";

/// Reads an integer as strictly as Redis does: no plus sign, spaces or leading zeros.
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == bytes).then_some(number)
}

pub(super) fn integer_arg(bytes: &[u8]) -> Result<i64, String> {
    integer(bytes).ok_or_else(|| NOT_AN_INTEGER.into())
}

/// Resolves a range whose ends may count from the back; `None` where it is empty.
pub(super) fn range(start: i64, end: i64, length: usize) -> Option<std::ops::Range<usize>> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from_front = |index: i64| if index < 0 { index + length } else { index };
    let start = usize::try_from(from_front(start).max(0)).ok()?;
    let end = usize::try_from(from_front(end).min(length - 1) + 1).ok()?;
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_strictly() {
        assert_eq!(integer(b"-12"), Some(-12));
        assert_eq!(integer(b"9223372036854775807"), Some(i64::MAX));
        for wrong in ["", "+1", " 1", "01", "-0", "1.0", "9223372036854775808"] {
            assert_eq!(integer(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn ranges_count_from_either_end() {
        assert_eq!(range(0, -1, 3), Some(0..3));
        assert_eq!(range(-2, 100, 3), Some(1..3));
        assert_eq!(range(-100, 0, 3), Some(0..1));
        assert_eq!(range(2, 1, 3), None);
        assert_eq!(range(0, -5, 3), None);
        assert_eq!(range(0, -1, 0), None);
    }
}
