//! The table in `docs/shapes.md`: made from what stands at the tests, and from the texts that `ui` holds.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outcome::{Outcome, Sources};
use crate::row::{Row, rows};
use crate::support::TestResult;

const ROWS: std::ops::RangeInclusive<u32> = 1..=80;

const START: &str = "\
# Shapes of functions

What `#[redis_resilient]` makes of a function, shape by shape. Most shapes are known from other attribute macros, where each was a bug report
once: the last column says which.

*Works* means: a test compiles the function, lets its first attempts fail, and looks at what comes back and how often the body ran. An
*error* is what the compiler says today, and a test holds it to that text. Rows 77 and after are about `#[redis_cached]`, whose functions are called
while Redis is away. `tests/tests/shapes` makes this table from those tests;
it is not written by hand.

";

/// `tests`, or the root of the workspace.
fn directory(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn files(directory: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The tests of this program, without their modules, as it lists them itself. None may be left out of a run.
fn tests() -> Result<BTreeSet<String>, Box<dyn std::error::Error>> {
    let list = |more: &[&str]| {
        let arguments = ["--list", "--format", "terse"];
        let output = Command::new(env::current_exe()?)
            .args(arguments.iter().chain(more))
            .output()?;
        let names = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| {
                line.strip_suffix(": test")?
                    .rsplit("::")
                    .next()
                    .map(str::to_owned)
            })
            .collect();
        Ok::<BTreeSet<String>, std::io::Error>(names)
    };
    assert_eq!(
        list(&["--ignored"])?,
        BTreeSet::new(),
        "nothing is left out"
    );
    Ok(list(&[])?)
}

/// A number, and a letter where a row has several shapes.
type Id = (u32, String);

fn table() -> Result<BTreeMap<Id, (Row, Outcome)>, Box<dyn std::error::Error>> {
    let mut table: BTreeMap<Id, (Row, Outcome)> = BTreeMap::new();
    let mut add = |row: Row, outcome: Outcome| match table.get(&row.id) {
        None => {
            table.insert(row.id.clone(), (row, outcome));
        }
        Some((_, before)) => panic!("row {}{} is {before:?} and {outcome:?}", row.id.0, row.id.1),
    };
    let tests = tests()?;
    let mut with_a_row = BTreeSet::new();
    for file in files(&directory("tests/shapes"), "rs")? {
        for (row, names) in rows(&fs::read_to_string(&file)?) {
            let there: Vec<_> = names.iter().filter(|name| tests.contains(*name)).collect();
            assert!(
                !there.is_empty() && there.len() == names.len(),
                "{}: row {row:?} has the tests {names:?}, of which {there:?} are run",
                file.display()
            );
            with_a_row.extend(names);
            add(row, Outcome::Works);
        }
    }
    let without: Vec<_> = tests
        .iter()
        .filter(|name| name.starts_with("row_") && !with_a_row.contains(*name))
        .collect();
    assert!(without.is_empty(), "no row says what {without:?} are about");

    for file in files(&directory("ui/pass"), "rs")? {
        if let Some(row) = Row::of_file(&file, &fs::read_to_string(&file)?) {
            add(row, Outcome::Works);
        }
    }
    let sources = Sources::read(&[
        directory("../cache/src"),
        directory("../macros/src"),
        directory("../runtime/src"),
    ])?;
    for file in files(&directory("ui/fail"), "rs")? {
        if let Some(row) = Row::of_file(&file, &fs::read_to_string(&file)?) {
            let text = fs::read_to_string(file.with_extension("stderr"))?;
            add(row, sources.outcome(&text));
        }
    }
    Ok(table)
}

fn document(table: &BTreeMap<Id, (Row, Outcome)>) -> String {
    let mut document = START.to_owned();
    document.push_str("| | shape | what happens | known from |\n|---|---|---|---|\n");
    for (row, outcome) in table.values() {
        let (number, letter) = &row.id;
        let columns = [
            format!("{number}{letter}"),
            row.shape.clone(),
            outcome.cell(),
            row.links(),
        ];
        document.push_str(&["| ", &columns.join(" | "), " |\n"].concat());
    }
    document
}

#[test]
fn the_table_is_that_of_the_tests() -> TestResult {
    let table = table()?;
    let numbers: BTreeSet<u32> = table.keys().map(|(number, _)| *number).collect();
    assert_eq!(numbers, ROWS.collect(), "each shape has a row");
    let path = directory("../docs/shapes.md");
    let document = document(&table);
    if env::var_os("UPDATE_SHAPES").is_some() {
        fs::create_dir_all(directory("../docs"))?;
        fs::write(path, document)?;
        return Ok(());
    }
    let on_disk = fs::read_to_string(path).unwrap_or_default();
    assert!(
        on_disk == document,
        "docs/shapes.md is out of date: run with UPDATE_SHAPES=1\n{document}"
    );
    Ok(())
}
