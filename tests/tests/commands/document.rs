//! The lists in `docs/commands.md`: made from the table and the samples.

use std::env;
use std::fs;
use std::path::Path;

use redis_resilient::connection::command_table;
use redis_resilient_tests::commands::samples::{SAMPLES, WITHOUT};

use super::{Effect, TestResult};

const START: &str = "\
# What is repeated

A reply is lost, and nobody knows whether the command was executed. An annotated function that sends it over a `Connection` or a
`BlockingConnection` of this crate asks again only where that changes nothing: neither what Redis holds nor what the function is told. The
command's name and arguments decide.

* `idempotent = true` on the function lets it repeat everything, `idempotent = false` nothing.
* `ConnectorBuilder::repeat_same_state(true)` lets all functions repeat what leaves the same state, for those who do not look at the reply.
* `Once` executes a command once, however often it is sent, and gives the first reply again.
* What was never sent, or was refused before it was executed, is always repeated.

The lists are made from the table in `connection/src/command` by `tests/tests/commands`, which compares it with `COMMAND` of each
server at hand, and runs each line below twice on each of them. Last measured on Redis 7.0.15, 8.2.3 and 8.10.2 and on Valkey 9.1.2
(`cargo test -p redis-resilient-tests --test commands`). Where a rule is stricter than what can be seen when nobody else writes, the
reason stands beside it. A command that is not here, such as one of a module, is not repeated.

";

const PARTS: &[(Effect, &str, &str)] = &[
    (
        Effect::Read,
        "Repeated: it only reads",
        "Or what it changes is gone with the connection.",
    ),
    (
        Effect::Repeatable,
        "Repeated: same state, same reply",
        "A deadline counts from the last execution.",
    ),
    (
        Effect::SameState,
        "Not repeated by itself: same state, other reply",
        "The second reply is that of one who came too late: a `0`, \"not done\", the new value in place of the old one, an error.",
    ),
    (
        Effect::Once,
        "Not repeated: something would be done twice",
        "Or an operator does it, or it names what it changes by a place that others move, or it takes away what came in the meantime.",
    ),
];

const HEAD_OF_SAMPLES: &str = "\
## The arguments decide

| for example | |
|---|---|
";

const HEAD_OF_REASONS: &str = "
## Stricter than measured

| | |
|---|---|
";

const HEAD_OF_UNMEASURED: &str = "
Not measured, and never repeated:

| | |
|---|---|
";

const HEAD_OF_PIPELINES: &str = "
## Pipelines and transactions

All of a pipeline is repeated or nothing. It is as the worst of its parts, or worse, where one of them looks at what a later one changes:

| sent together | |
|---|---|
";

const PIPELINES: &[&[&str]] = &[
    &["SET k v", "GET k"],
    &["SET k v", "EXPIRE k 100"],
    &["GET k", "SET k v"],
    &["HSET h f v", "EXPIRE h 100"],
    &["COPY k k2 REPLACE", "SET k v"],
    &["SET k 2 XX", "SET k 1 NX"],
];

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Read | Effect::Repeatable => "repeated",
        Effect::SameState => "same state, other reply",
        Effect::Once => "never",
    }
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace(['|', '\n'], " "))
}

fn row(first: &str, second: &str) -> String {
    format!("| {first} | {second} |\n")
}

/// The lists of those whose arguments do not matter.
fn lists(table: &[(String, Option<String>)]) -> String {
    let mut lists = Vec::new();
    for (effect, title, text) in PARTS {
        let names: Vec<String> = table
            .iter()
            .filter(|(_, fixed)| fixed.as_deref().map(Effect::named) == Some(*effect))
            .map(|(name, _)| code(name))
            .collect();
        lists.push(format!("## {title}\n\n{text}\n\n{}\n\n", names.join(", ")));
    }
    lists.concat()
}

fn samples(table: &[(String, Option<String>)]) -> String {
    let mut rows = vec![HEAD_OF_SAMPLES.to_owned()];
    for (name, _) in table.iter().filter(|(_, fixed)| fixed.is_none()) {
        for sample in SAMPLES.iter().filter(|sample| sample.name() == *name) {
            let effect = word(Effect::of(sample.line));
            let says = match sample.stricter_because {
                Some(reason) => format!("{effect}: {reason}"),
                None => effect.to_owned(),
            };
            rows.push(row(&code(sample.line), &says));
        }
    }
    rows.concat()
}

fn reasons(table: &[(String, Option<String>)]) -> String {
    let mut rows = vec![HEAD_OF_REASONS.to_owned()];
    let is_fixed = |name: &str| {
        let mut known = table.iter();
        known.any(|(known, fixed)| known == name && fixed.is_some())
    };
    for sample in SAMPLES.iter().filter(|sample| is_fixed(&sample.name())) {
        if let Some(reason) = sample.stricter_because {
            rows.push(row(&code(sample.line), reason));
        }
    }
    rows.push(HEAD_OF_UNMEASURED.to_owned());
    rows.extend(
        WITHOUT
            .iter()
            .map(|(name, reason)| row(&code(name), reason)),
    );
    rows.concat()
}

fn pipelines() -> String {
    let mut rows = vec![HEAD_OF_PIPELINES.to_owned()];
    for lines in PIPELINES {
        let commands: Vec<Vec<&[u8]>> = lines
            .iter()
            .map(|line| line.split(' ').map(str::as_bytes).collect())
            .collect();
        let effect = Effect::named(&command_table::effect_together(&commands));
        let lines: Vec<String> = lines.iter().map(|line| code(line)).collect();
        rows.push(row(&lines.join(", "), word(effect)));
    }
    rows.concat()
}

fn document() -> String {
    let table = command_table::table();
    let parts = [
        START.to_owned(),
        lists(&table),
        samples(&table),
        reasons(&table),
        pipelines(),
    ];
    parts.concat()
}

#[test]
fn the_list_is_that_of_the_table() -> TestResult {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md");
    let document = document();
    if env::var_os("UPDATE_COMMANDS").is_some() {
        fs::write(path, document)?;
        return Ok(());
    }
    let on_disk = fs::read_to_string(path).unwrap_or_default();
    assert!(
        on_disk == document,
        "docs/commands.md is out of date: run with UPDATE_COMMANDS=1\n{document}"
    );
    Ok(())
}
