//! Which keys there are, and what their values may be. Pure.

use std::time::Duration;

use redis_resilient_runtime::__seam::overrides::{Curve, Override};
use redis_resilient_runtime::Jitter;

use crate::{duration, suggest};

/// Each key of a function, as the attribute spells it.
pub(crate) const KEYS: [&str; 8] = [
    "retries",
    "backoff",
    "delay",
    "max_delay",
    "factor",
    "jitter",
    "timeout",
    "deadline",
];

const CURVES: [(&str, Curve); 4] = [
    ("exp", Curve::Exponential),
    ("linear", Curve::Linear),
    ("fixed", Curve::Fixed),
    ("none", Curve::None),
];

const JITTERS: [(&str, Jitter); 4] = [
    ("full", Jitter::Full),
    ("equal", Jitter::Equal),
    ("decorrelated", Jitter::Decorrelated),
    ("none", Jitter::None),
];

const MAX_RETRIES: i64 = 100;

/// A value as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Integer(i64),
    Float(f64),
    Text(&'a str),
    /// Of a type that no key takes.
    Other(&'static str),
}

impl Given<'_> {
    const fn what(self) -> &'static str {
        match self {
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Text(_) => "a string",
            Self::Other(what) => what,
        }
    }
}

/// The text of a variable, read as this key wants it: a number where it takes numbers, if it is written as one.
pub(crate) fn given_by_text<'a>(key: &str, text: &'a str) -> Given<'a> {
    let has_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    match key {
        "retries" if has_digits && !is_padded => {
            text.parse().map_or(Given::Text(text), Given::Integer)
        }
        "factor" if !is_padded => text.parse().map_or(Given::Text(text), Given::Float),
        _ => Given::Text(text),
    }
}

/// Says in what `key` is to be this value. Gives the value as it is shown.
pub(crate) fn set(to: &mut Override, key: &str, given: Given<'_>) -> Result<String, String> {
    match key {
        "retries" => {
            let retries = match given {
                Given::Integer(number @ 0..=MAX_RETRIES) => u32::try_from(number).ok(),
                _ => None,
            };
            to.retries = Some(retries.ok_or_else(|| expected("a number from 0 to 100", given))?);
            Ok(retries.unwrap_or_default().to_string())
        }
        "factor" => {
            let factor = match given {
                // No such number of retries has so many digits.
                Given::Integer(number) => i32::try_from(number).ok().map(f64::from),
                Given::Float(number) => Some(number),
                Given::Text(_) | Given::Other(_) => None,
            };
            let factor = factor.filter(|factor| factor.is_finite() && *factor >= 1.0);
            to.factor = Some(factor.ok_or_else(|| expected("a number from 1", given))?);
            Ok(factor.unwrap_or_default().to_string())
        }
        "backoff" => {
            let (word, curve) = one_of(&CURVES, given)?;
            to.curve = Some(curve);
            Ok(format!("{word:?}"))
        }
        "jitter" => {
            let (word, jitter) = one_of(&JITTERS, given)?;
            to.jitter = Some(jitter);
            Ok(format!("{word:?}"))
        }
        "delay" => time(&mut to.delay, given),
        "max_delay" => time(&mut to.max_delay, given),
        "timeout" => time(&mut to.timeout, given),
        "deadline" => time(&mut to.deadline, given),
        _ => Err(format!("unknown key `{key}`{}", suggest::hint(key, &KEYS))),
    }
}

/// What is wrong with all of them together.
pub(crate) fn contradiction(of: &Override) -> Option<String> {
    if let (Some(timeout), Some(deadline)) = (of.timeout, of.deadline)
        && deadline <= timeout
    {
        return Some(format!(
            "`deadline` ({deadline:?}) is for all attempts together and has to be longer than `timeout` ({timeout:?}), which is for each"
        ));
    }
    if let (Some(delay), Some(max_delay)) = (of.delay, of.max_delay)
        && max_delay < delay
    {
        return Some(format!(
            "`max_delay` ({max_delay:?}) has to be at least as long as `delay` ({delay:?})"
        ));
    }
    None
}

fn expected(what: &str, given: Given<'_>) -> String {
    let hint = match given {
        Given::Text(text) if text.len() <= 12 && text.parse::<f64>().is_ok() => {
            ": write it without quotes, and without leading zeros"
        }
        Given::Integer(_) | Given::Float(_) => " out of range, or of the wrong kind",
        _ => "",
    };
    format!("expected {what}, got {}{hint}", given.what())
}

fn one_of<T: Copy>(
    words: &[(&'static str, T)],
    given: Given<'_>,
) -> Result<(&'static str, T), String> {
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let Given::Text(text) = given else {
        let what = format!("one of \"{}\"", names.join("\", \""));
        return Err(expected(&what, given));
    };
    words
        .iter()
        .find(|(name, _)| *name == text)
        .copied()
        .ok_or_else(|| {
            format!(
                "got a string that is none of them{}",
                suggest::hint(text, &names)
            )
        })
}

fn time(to: &mut Option<Duration>, given: Given<'_>) -> Result<String, String> {
    let Given::Text(text) = given else {
        return Err(expected("a time in quotes, such as \"250ms\"", given));
    };
    let time = duration::parse(text).map_err(|problem| {
        // What looks like a time is shown, and nothing that may be a secret.
        if text.len() <= 12 && text.starts_with(|first: char| first.is_ascii_digit()) {
            format!("expected a time such as \"250ms\", got one that {problem}")
        } else {
            "expected a time such as \"250ms\", got a string that is none".to_owned()
        }
    })?;
    if time.is_zero() {
        return Err("expected a time longer than zero, got zero".to_owned());
    }
    *to = Some(time);
    Ok(format!("\"{time:?}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(key: &str, given: Given<'_>) -> String {
        set(&mut Override::default(), key, given).unwrap_or_else(|problem| problem)
    }

    #[test]
    fn values_are_what_their_key_says_and_nothing_else() {
        assert_eq!(said("retries", Given::Integer(5)), "5");
        assert_eq!(said("factor", Given::Float(1.5)), "1.5");
        assert_eq!(said("delay", Given::Text("20ms")), "\"20ms\"");
        assert_eq!(said("backoff", Given::Text("fixed")), "\"fixed\"");
        for (key, given, parts) in [
            (
                "retries",
                Given::Integer(101),
                &["expected a number from 0 to 100"][..],
            ),
            ("retries", Given::Integer(-1), &["from 0 to 100"]),
            (
                "retries",
                Given::Text("3"),
                &["got a string", "without quotes"],
            ),
            ("factor", Given::Float(f64::NAN), &["a number from 1"]),
            ("factor", Given::Float(0.5), &["a number from 1"]),
            (
                "delay",
                Given::Integer(20),
                &["\"250ms\"", "a whole number"],
            ),
            ("delay", Given::Text("20"), &["has no unit"]),
            ("timeout", Given::Text("0ms"), &["longer than zero"]),
            ("backoff", Given::Text("expo"), &["did you mean `exp`?"]),
            (
                "jitter",
                Given::Other("a table"),
                &["\"decorrelated\"", "a table"],
            ),
            (
                "retrie",
                Given::Integer(1),
                &["unknown key `retrie`", "did you mean `retries`?"],
            ),
        ] {
            let text = said(key, given);
            assert!(
                parts.iter().all(|part| text.contains(part)),
                "{key}: {text}"
            );
        }
    }

    #[test]
    fn a_variable_is_a_number_only_where_its_key_takes_one() {
        assert!(matches!(given_by_text("retries", "12"), Given::Integer(12)));
        assert!(matches!(
            given_by_text("retries", "0123"),
            Given::Text("0123")
        ));
        assert!(matches!(given_by_text("retries", "+1"), Given::Text("+1")));
        assert!(matches!(given_by_text("factor", "1.5"), Given::Float(_)));
        assert!(matches!(given_by_text("delay", "20"), Given::Text("20")));
    }

    #[test]
    fn what_cannot_hold_together_is_refused() {
        let mut both = Override::default();
        for (key, text) in [("timeout", "1s"), ("deadline", "1s")] {
            set(&mut both, key, Given::Text(text)).expect("each makes sense");
        }
        assert!(contradiction(&both).is_some_and(|text| text.contains("longer than `timeout`")));
    }
}
