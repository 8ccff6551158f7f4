//! A file as a tree of keys and values that know where they stand, whatever it is written in. Pure.

#[cfg(feature = "json")]
mod json;
mod toml;
#[cfg(feature = "yaml")]
mod yaml;

use std::path::Path;

/// Line and column, from 1; the column in characters.
pub(crate) type Place = (usize, usize);

/// One key with what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Place,
    pub(crate) value: Value,
    pub(crate) at: Place,
}

/// What belongs to a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Table(Vec<Entry>),
    Integer(i64),
    Float(f64),
    Switch(bool),
    Text(String),
    /// A date and a time.
    Moment(String),
    /// Of a kind that no key takes.
    Other(&'static str),
}

/// Why a text is none of its kind.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) at: Option<Place>,
    pub(crate) problem: String,
}

impl Malformed {
    fn new(at: Option<Place>, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self { at, problem }
    }
}

/// Reads the text of the file of this name, by the ending of that: TOML, unless it says something else.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, Malformed> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending.map(str::to_ascii_lowercase).as_deref() {
        #[cfg(feature = "json")]
        Some("json") => json::parse(text),
        #[cfg(feature = "yaml")]
        Some("yaml" | "yml") => yaml::parse(text),
        #[cfg(not(feature = "json"))]
        Some("json") => Err(Malformed::new(
            None,
            "is JSON, which the feature `settings-json` reads: switch it on",
        )),
        #[cfg(not(feature = "yaml"))]
        Some("yaml" | "yml") => Err(Malformed::new(
            None,
            "is YAML, which the feature `settings-yaml` reads: switch it on",
        )),
        _ => toml::parse(text),
    }
}

/// The place of a byte.
fn place(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(begin..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The same key twice.
#[cfg(any(feature = "json", feature = "yaml"))]
fn twice(table: &[Entry], key: &str, at: Place) -> Result<(), Malformed> {
    match table.iter().find(|entry| entry.key == key) {
        Some(first) => Err(Malformed::new(
            Some(at),
            format!("the key is there already, in line {}", first.key_at.0),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
