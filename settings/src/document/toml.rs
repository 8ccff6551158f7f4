//! TOML.

use toml::de::{DeTable, DeValue};

use super::{Entry, Malformed, Value, place};

pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    let root = DeTable::parse(text).map_err(|error| {
        let at = error.span().map(|span| place(text, span.start));
        // Its message has nothing of the text.
        Malformed::new(at, format!("not TOML: {}", error.message()))
    })?;
    Ok(table(text, root.get_ref()))
}

fn table(text: &str, table: &DeTable<'_>) -> Vec<Entry> {
    let entries = table.iter().map(|(key, of_key)| Entry {
        key: key.get_ref().to_string(),
        key_at: place(text, key.span().start),
        value: value(text, of_key.get_ref()),
        at: place(text, of_key.span().start),
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|entry| entry.key_at);
    entries
}

fn value(text: &str, value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number that is too large"), Value::Integer),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or(Value::Other("a number of another kind"), Value::Float),
        DeValue::Boolean(switch) => Value::Switch(*switch),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(_) => Value::Other("a list"),
        DeValue::Table(inner) => Value::Table(table(text, inner)),
    }
}
