//! What a file says, and where it says it. Pure.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use redis_resilient_runtime::__seam::overrides::Override;
use toml::de::{DeTable, DeValue};

use crate::error::SettingsError;
use crate::schema::{self, Given};
use crate::suggest;

/// One value of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) function: String,
    pub(crate) key: &'static str,
    /// As it is shown.
    pub(crate) value: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Contents {
    pub(crate) functions: BTreeMap<String, Override>,
    pub(crate) said: Vec<Said>,
}

/// Reads the text of the file of this name.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Contents, SettingsError> {
    let fails = |span: Option<Range<usize>>, problem: String| {
        SettingsError::in_file(path, span.map(|span| place(text, span.start)), problem)
    };
    let root = DeTable::parse(text)
        // Its message has nothing of the text.
        .map_err(|error| fails(error.span(), format!("not TOML: {}", error.message())))?;
    let mut contents = Contents::default();
    for (part, of_part) in root.get_ref() {
        if part.get_ref() != "functions" {
            let name = part.get_ref();
            let hint = suggest::hint(name, &["functions"]);
            return Err(fails(
                Some(part.span()),
                format!("unknown key `{name}`{hint}"),
            ));
        }
        let DeValue::Table(functions) = of_part.get_ref() else {
            let got = given(of_part.get_ref());
            let problem = format!("expected tables `[functions.\"NAME\"]`, got {}", what(got));
            return Err(fails(Some(of_part.span()), problem));
        };
        for (name, of_function) in functions {
            let DeValue::Table(keys) = of_function.get_ref() else {
                let got = what(given(of_function.get_ref()));
                let problem = format!("expected a table with the function's name, got {got}");
                return Err(fails(Some(of_function.span()), problem));
            };
            let name_of = name.get_ref().to_string();
            let to = contents.functions.entry(name_of.clone()).or_default();
            for (key, value) in keys {
                let known = schema::KEYS.iter().find(|known| *known == key.get_ref());
                let shown = schema::set(to, key.get_ref(), given(value.get_ref()));
                let at = if known.is_some() {
                    value.span()
                } else {
                    key.span()
                };
                let (line, column) = place(text, at.start);
                let shown = shown.map_err(|problem| match known {
                    Some(known) => fails(Some(at.clone()), format!("`{known}`: {problem}")),
                    None => fails(Some(at), problem),
                })?;
                contents.said.push(Said {
                    function: name_of.clone(),
                    key: known.copied().unwrap_or_default(),
                    value: shown,
                    line,
                    column,
                });
            }
            if let Some(problem) = schema::contradiction(to) {
                return Err(fails(Some(name.span()), problem));
            }
        }
    }
    Ok(contents)
}

fn given<'a>(value: &'a DeValue<'_>) -> Given<'a> {
    match value {
        DeValue::String(text) => Given::Text(text),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Given::Other("a number that is too large"), Given::Integer),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or(Given::Other("a number of another kind"), Given::Float),
        DeValue::Boolean(_) => Given::Other("true or false"),
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Array(_) => Given::Other("a list"),
        DeValue::Table(_) => Given::Other("a table"),
    }
}

const fn what(given: Given<'_>) -> &'static str {
    match given {
        Given::Integer(_) | Given::Float(_) => "a number",
        Given::Text(_) => "a string",
        Given::Other(what) => what,
    }
}

/// Line and column of a byte, from 1; the column in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(begin..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused(text: &str) -> String {
        let error = parse(Path::new("resilience.toml"), text).expect_err("it is wrong");
        error.to_string()
    }

    #[test]
    fn a_file_says_what_holds_for_which_function_and_where() {
        let text =
            "[functions.\"app::load\"]\nretries = 5\ntimeout = \"250ms\"\n[functions.views]\n";
        let contents = parse(Path::new("f"), text).expect("it is right");
        let load = contents.functions["app::load"];
        assert_eq!(
            (load.retries, load.timeout),
            (Some(5), Some(Duration::from_millis(250)))
        );
        assert_eq!(contents.functions["views"], Override::default());
        let places: Vec<_> = contents
            .said
            .iter()
            .map(|said| (said.key, said.line, said.column))
            .collect();
        assert_eq!(places, [("retries", 2, 11), ("timeout", 3, 11)]);
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_column() {
        for (text, parts) in [
            ("x = 1\n", &["resilience.toml:1:1: unknown key `x`"][..]),
            ("[function.a]\n", &["1:2: ", "did you mean `functions`?"]),
            (
                "functions = 3\n",
                &["1:13: ", "expected tables", "got a number"],
            ),
            ("[functions]\na = \"b\"\n", &["2:5: ", "got a string"]),
            (
                "[functions.a]\n\nretrys = 3\n",
                &["3:1: ", "did you mean `retries`?"],
            ),
            (
                "[functions.a]\nretries = \"3\"\n",
                &["2:11: `retries`: expected a number", "got a string"],
            ),
            (
                "[functions.a]\nretries = 99999999999999999999\n",
                &["2:11: ", "too large"],
            ),
            (
                "[functions.a]\nretries = 3 x\n",
                &["resilience.toml:2:", "not TOML"],
            ),
            (
                "[functions.a]\nretries = 0123\n",
                &["resilience.toml:2:", "not TOML"],
            ),
            (
                "[functions.a]\ntimeout = \"2s\"\ndeadline = \"1s\"\n",
                &["1:12: ", "longer than `timeout`"],
            ),
        ] {
            let said = refused(text);
            assert!(
                parts.iter().all(|part| said.contains(part)),
                "{text}: {said}"
            );
        }
    }

    #[test]
    fn no_secret_of_a_file_is_shown() {
        for text in [
            "[functions.a]\ntimeout = \"c4n4ry-p4ssw0rd\"\n",
            "[functions.a]\nretries = \"c4n4ry-p4ssw0rd\"\n",
            "[functions.a]\nbackoff = \"c4n4ry-p4ssw0rd\"\n",
            "password = \"c4n4ry-p4ssw0rd\"\n",
            "password = c4n4ry-p4ssw0rd\n",
            "password = \"c4n4ry-p4ssw0rd\n",
        ] {
            let said = refused(text);
            assert!(!said.contains("c4n4ry"), "{said}");
        }
    }
}
