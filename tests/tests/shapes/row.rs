//! `// row 17a | a shape | tracing#1366`, above the tests of a shape or at the head of a file in `ui`.

use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The letter tells several shapes of one row apart.
    pub(crate) id: (u32, String),
    pub(crate) shape: String,
    upstream: Option<String>,
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.trim().strip_prefix("// row ")?.split(" | ");
        let id = columns.next()?;
        let digits = id.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let row = Row {
            id: (digits.parse().ok()?, id.strip_prefix(digits)?.to_owned()),
            shape: columns.next()?.to_owned(),
            upstream: columns.next().map(str::to_owned),
        };
        columns.next().is_none().then_some(row)
    }

    /// Of a file in `ui`, whose name has the number too.
    #[track_caller]
    pub(crate) fn of_file(path: &Path, text: &str) -> Option<Self> {
        let row = text.lines().next().and_then(Row::parse);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let named = stem
            .strip_prefix("row_")
            .and_then(|rest| rest.split('_').next());
        assert_eq!(
            named.and_then(|number| number.parse().ok()),
            row.as_ref().map(|row| row.id.0),
            "{stem}: its name and its first line are of one row"
        );
        row
    }

    /// The issues as links, everything else as it is.
    pub(crate) fn links(&self) -> String {
        let Some(upstream) = &self.upstream else {
            return "–".to_owned();
        };
        let links: Vec<_> = upstream.split(", ").map(link).collect();
        links.join(", ")
    }
}

fn link(issue: &str) -> String {
    let Some((name, number)) = issue.split_once('#') else {
        return issue.to_owned();
    };
    let repository = match name {
        "async-trait" => "dtolnay/async-trait",
        "backon" => "Xuanwo/backon",
        "bon" => "elastio/bon",
        "cached" => "jaemk/cached",
        "etcd-client" => "etcdv3/etcd-client",
        "fastrace" => "fast/fastrace",
        "memoize" => "dermesser/memoize",
        "rstest" => "la10736/rstest",
        "rust" => "rust-lang/rust",
        "tokio" => "tokio-rs/tokio",
        "tracing" => "tokio-rs/tracing",
        other => panic!("where is `{other}`?"),
    };
    format!("[{issue}](https://github.com/{repository}/issues/{number})")
}

/// The rows of a file of tests, each with the tests up to the next.
#[track_caller]
pub(crate) fn rows(text: &str) -> Vec<(Row, Vec<String>)> {
    let mut rows: Vec<(Row, Vec<String>)> = Vec::new();
    for line in text.lines() {
        let header = line.trim_start().starts_with("// row ");
        if let Some(row) = Row::parse(line) {
            rows.push((row, Vec::new()));
        } else if header {
            panic!("this is no row: {line}");
        }
        let Some((row, tests)) = rows.last_mut().filter(|_| !header) else {
            continue;
        };
        if let Some(name) = test_name(line) {
            let own = format!("row_{:02}_", row.id.0);
            assert!(name.starts_with(&own), "`{name}` is below row {}", row.id.0);
            tests.push(name.to_owned());
        }
    }
    rows
}

fn test_name(line: &str) -> Option<&str> {
    let start = line.find("row_")?;
    let name = line.get(start..)?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
    name.get(..end.unwrap_or(name.len()))
}

#[test]
fn a_row_has_a_number_a_shape_and_maybe_an_issue() {
    let row = Row::parse("    // row 17b | a `&str` | tracing#1, its `a.rs`").expect("a row");
    assert_eq!(
        (row.id.0, row.id.1.as_str(), row.shape.as_str()),
        (17, "b", "a `&str`")
    );
    let links = "[tracing#1](https://github.com/tokio-rs/tracing/issues/1), its `a.rs`";
    assert_eq!(row.links(), links);
    for wrong in [
        "// row x | a",
        "// row 1",
        "// row 1 | a | b | c",
        "row 1 | a",
    ] {
        assert_eq!(Row::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn tests_belong_to_the_row_above() {
    let text =
        "fn row_none() {}\n// row 1 | a\nfn row_01_a() {}\nshape!(row_01_b, 3);\n// row 2 | b\n";
    let found: Vec<_> = rows(text)
        .into_iter()
        .map(|(row, tests)| (row.id.0, tests))
        .collect();
    let names = vec!["row_01_a".to_owned(), "row_01_b".to_owned()];
    assert_eq!(found, [(1, names), (2, Vec::new())]);
}
