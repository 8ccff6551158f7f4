//! What the environment says. Pure: the variables come in.

use std::collections::BTreeMap;
use std::ffi::OsString;

use redis_resilient_runtime::registry::SettingPart;

use crate::error::SettingsError;
use crate::said::{self, Said};
use crate::schema::{self, PARTS, Part};
use crate::suggest;

const PREFIX: &str = "REDIS_RESILIENT__";

/// One value of the environment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Valued {
    pub(crate) part: SettingPart,
    /// As variables have it.
    pub(crate) name: String,
    pub(crate) key: &'static str,
    /// As it is shown.
    pub(crate) value: String,
    pub(crate) variable: String,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Variables {
    pub(crate) said: Said,
    pub(crate) values: Vec<Valued>,
    /// Those with the prefix that nothing uses, and what may be meant.
    pub(crate) unused: Vec<String>,
}

pub(crate) fn parse(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Variables, SettingsError> {
    let mut all = BTreeMap::new();
    let (mut values, mut unused) = (Vec::new(), Vec::new());
    let mut named: Vec<(String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    named.sort();
    for (variable, value) in named {
        let (part, name, key) = match path(&variable) {
            Ok(path) => path,
            Err(why) => {
                unused.push(format!("nothing uses the variable {variable}: {why}"));
                continue;
            }
        };
        let fails = |problem| SettingsError::in_variable(&variable, problem);
        let text = value
            .to_str()
            .ok_or_else(|| fails("its value is not UTF-8".to_owned()))?;
        let to = all
            .entry((part, name.clone()))
            .or_insert_with(|| Part::nothing_of(part));
        let value = schema::set(to, key, schema::given_by_text(key, text)).map_err(fails)?;
        if let Some(problem) = to.contradiction(said::now_ms()) {
            return Err(SettingsError::in_variable(&variable, problem));
        }
        values.push(Valued {
            part,
            name,
            key: key.0,
            value,
            variable,
        });
    }
    Ok(Variables {
        said: Said::of(all),
        values,
        unused,
    })
}

/// Of what a variable says something, or why it is of no use.
fn path(variable: &str) -> Result<(SettingPart, String, schema::Key), String> {
    let path = variable.strip_prefix(PREFIX).unwrap_or_default();
    let expected =
        || format!("expected {PREFIX}FUNCTIONS__NAME__KEY, or another part than FUNCTIONS");
    let [part, name, key] = path.split("__").collect::<Vec<_>>()[..] else {
        return Err(expected());
    };
    let names = PARTS.map(|part| part.name().to_uppercase());
    let of = PARTS
        .into_iter()
        .zip(&names)
        .find(|(_, name)| *name == part);
    let Some((of, _)) = of else {
        // Capitals are no mistake here.
        let known = PARTS.map(SettingPart::name);
        let meant = known.iter().find(|known| suggest::is_close(part, known));
        let hint = meant.map(|meant| format!("; did you mean `{}`?", meant.to_uppercase()));
        return Err(format!(
            "unknown part `{part}`{}",
            hint.unwrap_or_else(|| format!("; {}", expected()))
        ));
    };
    if of == SettingPart::Chaos {
        return Err(
            "faults are injected by a file only, which can be changed while the process runs"
                .to_owned(),
        );
    }
    if name.is_empty() {
        return Err(expected());
    }
    let key = schema::key_of(of, &key.to_lowercase())?;
    Ok((of, name.to_owned(), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(variables: &[(&str, &str)]) -> Result<Variables, SettingsError> {
        parse(
            variables
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        )
    }

    #[test]
    fn a_variable_names_function_and_key() {
        let all = parsed(&[
            ("REDIS_RESILIENT__FUNCTIONS__APP_LOAD__RETRIES", "7"),
            ("REDIS_RESILIENT__FUNCTIONS__APP_LOAD__MAX_DELAY", "2s"),
            ("PATH", "/bin"),
        ])
        .expect("they are right");
        assert_eq!(all.said.parts.functions["APP_LOAD"].retries, Some(7));
        assert_eq!(all.values.len(), 2);
        assert!(all.unused.is_empty());
    }

    #[test]
    fn one_that_nothing_uses_is_told_without_its_value() {
        let all = parsed(&[
            ("REDIS_RESILIENT__FUNCTIONS__A__RETRYS", "c4n4ry"),
            ("REDIS_RESILIENT__PASSWORD", "c4n4ry"),
            ("REDIS_RESILIENT__BREAKERS__A__RETRIES", "c4n4ry"),
            ("REDIS_RESILIENT__BREAKER__A__RESET_TIMEOUT", "c4n4ry"),
            ("REDIS_RESILIENT__CHAOS__A__FAULT", "c4n4ry"),
            ("REDIS_RESILIENT__FUNCTIONS____RETRIES", "c4n4ry"),
        ])
        .expect("nothing uses them");
        assert_eq!(all.unused.len(), 6, "{:?}", all.unused);
        assert!(
            all.unused
                .iter()
                .any(|text| text.contains("did you mean `BREAKERS`?"))
        );
        assert!(
            all.unused
                .iter()
                .any(|text| text.contains("did you mean `retries`?"))
        );
        assert!(!format!("{all:?}").contains("c4n4ry"));
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused_without_being_shown() {
        for value in ["0123", "c4n4ry-p4ssw0rd", "", " 3"] {
            let error = parsed(&[("REDIS_RESILIENT__FUNCTIONS__A__RETRIES", value)]);
            let text = error.expect_err("no number").to_string();
            assert!(
                text.contains("A__RETRIES: expected a number") && !text.contains("c4n4ry"),
                "{text}"
            );
        }
    }
}
