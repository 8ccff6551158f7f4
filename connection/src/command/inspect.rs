//! What the tests of the workspace ask: they compare the table with what servers do, and write `docs/commands.md` from it.
#![allow(missing_docs)]

use super::table::{Rule, TABLE};

/// `Read`, `Repeatable`, `SameState` or `Once`.
#[must_use]
pub fn effect(command: &[&[u8]]) -> String {
    format!("{:?}", super::effect_of(command))
}

#[must_use]
pub fn effect_together(commands: &[Vec<&[u8]>]) -> String {
    let commands = commands.iter().map(|command| command.iter().copied());
    format!("{:?}", crate::command::together::effect(commands))
}

#[must_use]
pub fn waits(command: &[&[u8]]) -> bool {
    super::waits(command.iter().copied())
}

#[cfg(feature = "cluster")]
#[must_use]
pub fn first_key<'a>(command: &[&'a [u8]]) -> Option<&'a [u8]> {
    crate::command::key::first_key(command.iter().copied())
}

/// What stands in the table: `GET`, and `CONFIG|GET` where the second word decides. With the effect, unless the arguments decide.
#[must_use]
pub fn table() -> Vec<(String, Option<String>)> {
    let mut rows = Vec::new();
    for (name, rule) in TABLE {
        match rule {
            Rule::Words(words) => {
                let words = words.iter().filter(|(word, _)| !word.is_empty());
                rows.extend(words.map(|(word, rule)| (format!("{name}|{word}"), fixed(*rule))));
            }
            rule => rows.push(((*name).to_owned(), fixed(*rule))),
        }
    }
    rows
}

fn fixed(rule: Rule) -> Option<String> {
    match rule {
        Rule::Is(effect) => Some(format!("{effect:?}")),
        Rule::Words(_) | Rule::Args(_) => None,
    }
}
