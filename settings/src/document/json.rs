//! JSON. What is between two marks of the text is kept as it is written, so that its place is known.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Entry, Malformed, Value, place, twice};

pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
        // Of a text that is no JSON its messages have nothing; the column is in bytes.
        let (line, column) = (error.line().max(1), error.column().max(1));
        let problem = error.to_string();
        let problem = problem.split(" at line ").next().unwrap_or_default();
        Malformed::new(Some((line, column)), format!("not JSON: {problem}"))
    })?;
    match value(text, raw)? {
        Value::Table(entries) => Ok(entries),
        _ => Err(Malformed::new(
            Some(at(text, raw.get())),
            "expected an object, `{ … }`",
        )),
    }
}

/// Where a part of the text is.
fn at(text: &str, part: &str) -> super::Place {
    let begins = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    place(text, begins)
}

fn value(text: &str, raw: &RawValue) -> Result<Value, Malformed> {
    let written = raw.get();
    Ok(match written.as_bytes().first() {
        Some(b'{') => Value::Table(table(text, written)?),
        Some(b'[') => Value::Other("a list"),
        Some(b'"') => serde_json::from_str(written).map_or(Value::Other("a string"), Value::Text),
        Some(b't') => Value::Switch(true),
        Some(b'f') => Value::Switch(false),
        Some(b'n') => Value::Other("null"),
        _ if written.contains(['.', 'e', 'E']) => written
            .parse()
            .map_or(Value::Other("a number of another kind"), Value::Float),
        _ => written
            .parse()
            .map_or(Value::Other("a number that is too large"), Value::Integer),
    })
}

fn table(text: &str, written: &str) -> Result<Vec<Entry>, Malformed> {
    let mut deserializer = serde_json::Deserializer::from_str(written);
    // It was read once already.
    let pairs = deserializer
        .deserialize_map(Pairs)
        .map_err(|_| Malformed::new(Some(at(text, written)), "expected an object"))?;
    let mut entries = Vec::new();
    let mut before = written;
    for (key, raw) in pairs {
        // The key is the last string before its value, and has a colon behind it.
        let begins = raw.get().as_ptr() as usize - before.as_ptr() as usize;
        let key_at = before
            .get(..begins)
            .and_then(|before| before.find('"'))
            .and_then(|quote| before.get(quote..))
            .map_or_else(|| at(text, raw.get()), |key| at(text, key));
        twice(&entries, &key, key_at)?;
        before = before.get(begins + raw.get().len()..).unwrap_or_default();
        entries.push(Entry {
            key,
            key_at,
            value: value(text, raw)?,
            at: at(text, raw.get()),
        });
    }
    Ok(entries)
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}
