//! The tables of options say what holds where nothing is written.

use crate::args::default_words;
use crate::defaults;
use crate::plan::duration;
use std::fs;
use std::path::Path;

/// Each option that has a default in numbers or words, as the tables show it.
fn expected() -> Vec<(&'static str, String)> {
    let duration = |duration| format!("`\"{}\"`", duration::show(duration));
    let word = |word| format!("`\"{word}\"`");
    vec![
        ("retries", format!("`{}`", defaults::RETRIES)),
        ("backoff", word(defaults::BACKOFF)),
        ("delay", duration(defaults::DELAY)),
        ("max_delay", duration(defaults::MAX_DELAY)),
        ("factor", format!("`{:?}`", defaults::FACTOR)),
        ("jitter", word(defaults::JITTER)),
        ("timeout", duration(defaults::TIMEOUT)),
        ("fallback_on", word(defaults::FALLBACK_ON)),
        ("fallback_limit", format!("`{}`", defaults::FALLBACK_LIMIT)),
    ]
}

/// Option, values and default of each row; a row may be of several options.
pub(crate) fn rows(text: &str) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, options, values, defaults, ..] = cells[..] else {
            continue;
        };
        let options: Vec<_> = options.split(", ").collect();
        let defaults: Vec<_> = if options.len() > 1 {
            // What follows in parentheses is an explanation.
            defaults
                .split(" (")
                .take(1)
                .flat_map(|text| text.split(", "))
                .collect()
        } else {
            vec![defaults]
        };
        for (option, default) in options.iter().zip(defaults) {
            rows.push((
                option.trim_matches('`').to_owned(),
                values.to_owned(),
                default.to_owned(),
            ));
        }
    }
    rows
}

#[test]
fn the_tables_of_options_state_the_defaults() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["src/lib.rs", "../README.md"] {
        let text = fs::read_to_string(root.join(file)).expect("the file is read");
        // What follows is about the other attribute.
        let end = text.find("pub fn redis_resilient(").unwrap_or(text.len());
        let rows = rows(text.get(..end).unwrap_or_default());
        for (option, default) in expected() {
            let found: Vec<_> = rows.iter().filter(|(name, ..)| name == option).collect();
            let [(_, values, written)] = found[..] else {
                panic!("{file}: {} rows for `{option}`", found.len());
            };
            assert_eq!(*written, default, "{file}: `{option}`");
            if option == "retries" {
                assert_eq!(*values, format!("0 to {}", defaults::MAX_RETRIES), "{file}");
            }
        }
    }
}

#[test]
fn the_words_are_those_that_hold() {
    let expected = [defaults::BACKOFF, defaults::JITTER, defaults::FALLBACK_ON];
    assert_eq!(default_words(), expected);
}
