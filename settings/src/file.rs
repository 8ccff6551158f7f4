//! What a file says, and where it says it. Pure.

use std::collections::BTreeMap;
use std::path::Path;

use redis_resilient_runtime::registry::SettingPart;

use crate::document::{self, Entry, Place, Value};
use crate::error::SettingsError;
use crate::said::{self, Said};
use crate::schema::{self, Given, Part};

/// One value of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Valued {
    pub(crate) part: SettingPart,
    pub(crate) name: String,
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
    pub(crate) said: Said,
    pub(crate) values: Vec<Valued>,
}

/// Reads the text of the file of this name.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Contents, SettingsError> {
    let document = document::parse(path, text)
        .map_err(|error| SettingsError::in_file(path, error.at, error.problem))?;
    read(&document).map_err(|(at, problem)| SettingsError::in_file(path, Some(at), problem))
}

fn read(document: &[Entry]) -> Result<Contents, (Place, String)> {
    let (mut all, mut values) = (BTreeMap::new(), Vec::new());
    for of_part in document {
        let part = schema::part_named(&of_part.key).map_err(|text| (of_part.key_at, text))?;
        let Value::Table(things) = &of_part.value else {
            let got = what(&of_part.value);
            let problem = format!("expected tables `[{part}.\"NAME\"]`, got {got}");
            return Err((of_part.at, problem));
        };
        for of_thing in things {
            let Value::Table(keys) = &of_thing.value else {
                let got = what(&of_thing.value);
                let problem =
                    format!("expected a table with the name of one of the {part}, got {got}");
                return Err((of_thing.at, problem));
            };
            let mut said = Part::nothing_of(part);
            for entry in keys {
                let key = schema::key_of(part, &entry.key).map_err(|text| (entry.key_at, text))?;
                let value = schema::set(&mut said, key, given(&entry.value))
                    .map_err(|problem| (entry.at, format!("`{}`: {problem}", key.0)))?;
                let (line, column) = entry.at;
                values.push(Valued {
                    part,
                    name: of_thing.key.clone(),
                    key: key.0,
                    value,
                    line,
                    column,
                });
            }
            if let Some(problem) = said.contradiction(said::now_ms()) {
                return Err((of_thing.key_at, problem));
            }
            all.insert((part, of_thing.key.clone()), said);
        }
    }
    let said = Said::of(all);
    Ok(Contents { said, values })
}

fn given(value: &Value) -> Given<'_> {
    match value {
        Value::Text(text) => Given::Text(text),
        Value::Moment(text) => Given::Moment(text),
        Value::Integer(number) => Given::Integer(*number),
        Value::Float(number) => Given::Float(*number),
        Value::Switch(switch) => Given::Switch(*switch),
        Value::Table(_) => Given::Other("a table"),
        Value::Other(what) => Given::Other(what),
    }
}

fn what(value: &Value) -> &'static str {
    match given(value) {
        Given::Integer(_) | Given::Float(_) => "a number",
        given => given.what(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use redis_resilient_runtime::__seam::overrides::Override;

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
        let functions = &contents.said.parts.functions;
        let load = functions["app::load"];
        assert_eq!(
            (load.retries, load.timeout),
            (Some(5), Some(Duration::from_millis(250)))
        );
        assert_eq!(functions["views"], Override::default());
        let places: Vec<_> = contents
            .values
            .iter()
            .map(|value| (value.key, value.line, value.column))
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
