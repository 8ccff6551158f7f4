//! What a value may be.

use std::time::Duration;

use super::moment;
use crate::{duration, suggest};

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Whole {
        least: u32,
        most: u32,
    },
    Number {
        least: f64,
        most: f64,
    },
    /// Longer than zero.
    Time,
    /// At most so long, in seconds, and longer than zero.
    TimeUpTo(u64),
    TimeOrZero,
    Switch,
    Word(&'static [&'static str]),
    /// A date and a time.
    Moment,
}

/// A value as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Integer(i64),
    Float(f64),
    Switch(bool),
    Text(&'a str),
    Moment(&'a str),
    /// Of a type that no key takes.
    Other(&'static str),
}

/// A value as it is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Parsed {
    Whole(u32),
    Number(f64),
    Time(Duration),
    Switch(bool),
    Word(&'static str),
    /// In milliseconds since 1970.
    Moment(u64),
}

impl Given<'_> {
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Switch(_) => "true or false",
            Self::Text(_) => "a string",
            Self::Moment(_) => "a date",
            Self::Other(what) => what,
        }
    }
}

impl Parsed {
    /// As it would be written in a file.
    pub(crate) fn shown(self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Time(time) => format!("\"{time:?}\""),
            Self::Switch(switch) => switch.to_string(),
            Self::Word(word) => format!("{word:?}"),
            Self::Moment(at_ms) => format!("{:?}", moment::shown(at_ms)),
        }
    }
}

impl Kind {
    pub(crate) fn parse(self, given: Given<'_>) -> Result<Parsed, String> {
        match self {
            Self::Whole { least, most } => whole(given, least, most).map(Parsed::Whole),
            Self::Number { least, most } => number(given, least, most).map(Parsed::Number),
            Self::Time => time(given, true).map(Parsed::Time),
            Self::TimeOrZero => time(given, false).map(Parsed::Time),
            Self::TimeUpTo(most) => {
                let time = time(given, true)?;
                if time > Duration::from_secs(most) {
                    let hours = most / 3600;
                    return Err(format!("expected at most {hours} h, got more"));
                }
                Ok(Parsed::Time(time))
            }
            Self::Switch => match given {
                Given::Switch(switch) => Ok(Parsed::Switch(switch)),
                _ => Err(expected("true or false", given)),
            },
            Self::Word(words) => one_of(words, given).map(Parsed::Word),
            Self::Moment => match given {
                Given::Text(text) | Given::Moment(text) => moment::parse(text).map(Parsed::Moment),
                _ => Err(expected(moment::EXPECTED, given)),
            },
        }
    }
}

fn whole(given: Given<'_>, least: u32, most: u32) -> Result<u32, String> {
    let number = match given {
        Given::Integer(number) => u32::try_from(number).ok(),
        _ => None,
    };
    let number = number.filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| expected(&format!("a number from {least} to {most}"), given))
}

fn number(given: Given<'_>, least: f64, most: f64) -> Result<f64, String> {
    let number = match given {
        // No such number has so many digits.
        Given::Integer(number) => i32::try_from(number).ok().map(f64::from),
        Given::Float(number) => Some(number),
        _ => None,
    };
    let number = number.filter(|number| number.is_finite() && *number >= least && *number <= most);
    number.ok_or_else(|| {
        let what = if most >= f64::MAX {
            format!("a number from {least}")
        } else {
            format!("a number from {least} to {most}")
        };
        expected(&what, given)
    })
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

fn one_of(words: &[&'static str], given: Given<'_>) -> Result<&'static str, String> {
    let Given::Text(text) = given else {
        let what = format!("one of \"{}\"", words.join("\", \""));
        return Err(expected(&what, given));
    };
    let found = words.iter().find(|word| **word == text).copied();
    found.ok_or_else(|| {
        format!(
            "got a string that is none of them{}",
            suggest::hint(text, words)
        )
    })
}

fn time(given: Given<'_>, is_longer_than_zero: bool) -> Result<Duration, String> {
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
    if is_longer_than_zero && time.is_zero() {
        return Err("expected a time longer than zero, got zero".to_owned());
    }
    Ok(time)
}
