//! Which keys there are, and what their values may be. Pure.

mod kind;
mod moment;
mod parts;

use redis_resilient_runtime::registry::SettingPart;

pub(crate) use self::kind::Given;
use self::kind::Kind;
pub(crate) use self::parts::Part;
use crate::suggest;

/// A key, and what it takes.
pub(crate) type Key = (&'static str, Kind);

/// What can be said, and the names of its tables.
pub(crate) const PARTS: [SettingPart; 6] = [
    SettingPart::Functions,
    SettingPart::Breakers,
    SettingPart::Bulkheads,
    SettingPart::Connectors,
    SettingPart::Caches,
    SettingPart::Chaos,
];

/// The part whose table has this name.
pub(crate) fn part_named(name: &str) -> Result<SettingPart, String> {
    let names = PARTS.map(SettingPart::name);
    let found = PARTS.into_iter().find(|part| part.name() == name);
    found.ok_or_else(|| format!("unknown key `{name}`{}", suggest::hint(name, &names)))
}

/// The key of this spelling.
pub(crate) fn key_of(part: SettingPart, key: &str) -> Result<Key, String> {
    let keys = parts::keys(part);
    let found = keys.iter().find(|(known, _)| *known == key).copied();
    found.ok_or_else(|| {
        let names: Vec<_> = keys.iter().map(|(name, _)| *name).collect();
        format!("unknown key `{key}`{}", suggest::hint(key, &names))
    })
}

/// Says in `to` what a key is to be. Gives the value as it is shown.
pub(crate) fn set(to: &mut Part, (key, kind): Key, given: Given<'_>) -> Result<String, String> {
    let parsed = kind.parse(given)?;
    let shown = parsed.shown();
    to.put(key, parsed);
    Ok(shown)
}

/// The text of a variable, read as this key wants it: a number where it takes numbers, if it is written as one.
pub(crate) fn given_by_text((_, kind): Key, text: &str) -> Given<'_> {
    let has_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    match kind {
        Kind::Whole { .. } if has_digits && !is_padded => {
            text.parse().map_or(Given::Text(text), Given::Integer)
        }
        Kind::Number { .. } if !is_padded => text.parse().map_or(Given::Text(text), Given::Float),
        Kind::Switch if text == "true" => Given::Switch(true),
        Kind::Switch if text == "false" => Given::Switch(false),
        _ => Given::Text(text),
    }
}

#[cfg(test)]
mod tests;
