//! The table of options says what holds where nothing is written.

use crate::cached::defaults;
use crate::plan::duration;
use crate::tests::defaults::rows;
use std::fs;
use std::path::Path;

#[test]
fn the_table_of_options_states_the_defaults() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = fs::read_to_string(file).expect("the file is read");
    let start = text
        .find("pub fn redis_resilient(")
        .expect("the attribute before");
    let rows = rows(text.get(start..).unwrap_or_default());
    let duration = |duration| format!("`\"{}\"`", duration::show(duration));
    for (option, default) in [
        ("retries", format!("`{}`", defaults::RETRIES)),
        ("timeout", duration(defaults::TIMEOUT)),
        ("jitter", format!("`{:?}`", defaults::JITTER)),
        ("lease", duration(defaults::LEASE)),
        ("limit_wait", duration(defaults::LIMIT_WAIT)),
        ("delay", duration(defaults::DELAY)),
        ("max_delay", duration(crate::defaults::MAX_DELAY)),
        ("factor", format!("`{:?}`", crate::defaults::FACTOR)),
    ] {
        let found = rows.iter().find(|(name, ..)| name == option);
        let (_, _, written) = found.unwrap_or_else(|| panic!("no row for `{option}`"));
        assert_eq!(*written, default, "`{option}`");
    }
    let longest = defaults::LONGEST_OF_EACH.as_secs() / 86_400;
    assert!(text.contains(&format!("it is at most {longest} days")));
}

#[test]
fn every_option_has_a_row() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = fs::read_to_string(file).expect("the file is read");
    let start = text
        .find("pub fn redis_resilient(")
        .expect("the attribute before");
    let rows = rows(text.get(start..).unwrap_or_default());
    for option in crate::cached::args::names() {
        let is_there = rows
            .iter()
            .any(|(name, ..)| name.split('(').next() == Some(option));
        assert!(is_there, "no row for `{option}`");
    }
}
