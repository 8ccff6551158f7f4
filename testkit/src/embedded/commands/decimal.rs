//! Sums of decimal fractions.

/// The digits after the point that Redis prints.
const MAX_SCALE: usize = 17;

/// Why there is no sum.
#[derive(Debug, PartialEq)]
pub(super) enum NoSum {
    NotANumber,
    Infinite,
}

/// Adds two numbers.
///
/// Redis computes in long double, where 0.1 + 0.2 is 0.3, so here decimals are added exactly.
pub(super) fn add(left: &[u8], right: &[u8]) -> Result<String, NoSum> {
    let (left, right) = (text(left)?, text(right)?);
    if let (Some(left), Some(right)) = (Decimal::parse(left), Decimal::parse(right))
        && let Some(sum) = left.add(&right)
    {
        return Ok(sum);
    }
    let sum = float(left)? + float(right)?;
    if sum.is_finite() {
        Ok(sum.to_string())
    } else {
        Err(NoSum::Infinite)
    }
}

fn text(bytes: &[u8]) -> Result<&str, NoSum> {
    std::str::from_utf8(bytes).map_err(|_| NoSum::NotANumber)
}

fn float(text: &str) -> Result<f64, NoSum> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| !number.is_nan())
        .ok_or(NoSum::NotANumber)
}

/// The number `digits / 10^scale`.
struct Decimal {
    digits: i128,
    scale: usize,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_fraction = fraction.bytes().all(|byte| byte.is_ascii_digit());
        if !is_fraction || fraction.len() > MAX_SCALE {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let scale = fraction.len();
        Some(Self { digits, scale })
    }

    fn add(&self, other: &Self) -> Option<String> {
        let scale = self.scale.max(other.scale);
        let sum = self.at(scale)?.checked_add(other.at(scale)?)?;
        let sign = if sum < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", sum.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        Some(format!("{sign}{whole}{point}{fraction}"))
    }

    fn at(&self, scale: usize) -> Option<i128> {
        let by = 10_i128.checked_pow(u32::try_from(scale - self.scale).ok()?)?;
        self.digits.checked_mul(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(left: &str, right: &str) -> Result<String, NoSum> {
        add(left.as_bytes(), right.as_bytes())
    }

    #[test]
    fn adds_decimals_exactly() {
        for (left, right, expected) in [
            ("0.1", "0.2", "0.3"),
            ("10.50", "0.1", "10.6"),
            ("5", "-5.25", "-0.25"),
            ("1.5", "1.5", "3"),
            ("0", "-0.0", "0"),
            ("5.0e3", "2.0e2", "5200"),
        ] {
            assert_eq!(sum(left, right), Ok(expected.into()), "{left} {right}");
        }
    }

    #[test]
    fn tells_what_is_no_number_from_what_is_too_large() {
        assert_eq!(sum("a", "1"), Err(NoSum::NotANumber));
        assert_eq!(sum("1", "nan"), Err(NoSum::NotANumber));
        assert_eq!(sum("inf", "1"), Err(NoSum::Infinite));
    }
}
