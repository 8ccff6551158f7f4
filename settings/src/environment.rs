//! What the environment says. Pure: the variables come in.

use std::collections::BTreeMap;
use std::ffi::OsString;

use redis_resilient_runtime::__seam::overrides::Override;

use crate::error::SettingsError;
use crate::schema;
use crate::suggest;

const PREFIX: &str = "REDIS_RESILIENT__";

/// One value of the environment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    /// The function's name as variables have it.
    pub(crate) function: String,
    pub(crate) key: &'static str,
    /// As it is shown.
    pub(crate) value: String,
    pub(crate) variable: String,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Variables {
    pub(crate) functions: BTreeMap<String, Override>,
    pub(crate) said: Vec<Said>,
    /// Those with the prefix that nothing uses, and what may be meant.
    pub(crate) unused: Vec<String>,
}

pub(crate) fn parse(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Variables, SettingsError> {
    let mut all = Variables::default();
    let mut named: Vec<(String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    named.sort();
    for (variable, value) in named {
        let path = variable.strip_prefix(PREFIX).unwrap_or_default();
        let parts: Vec<&str> = path.split("__").collect();
        let [part, function, key] = parts[..] else {
            all.unused.push(format!(
                "nothing uses the variable {variable}: expected {PREFIX}FUNCTIONS__NAME__KEY"
            ));
            continue;
        };
        let lower = key.to_lowercase();
        let Some(key) = schema::KEYS.iter().find(|known| **known == lower) else {
            let hint = suggest::hint(&lower, &schema::KEYS);
            all.unused.push(format!(
                "nothing uses the variable {variable}: unknown key `{key}`{hint}"
            ));
            continue;
        };
        if part != "FUNCTIONS" || function.is_empty() {
            all.unused.push(format!(
                "nothing uses the variable {variable}: expected {PREFIX}FUNCTIONS__NAME__KEY"
            ));
            continue;
        }
        let fails = |problem| SettingsError::in_variable(&variable, problem);
        let text = value
            .to_str()
            .ok_or_else(|| fails("its value is not UTF-8".to_owned()))?;
        let to = all.functions.entry(function.to_owned()).or_default();
        let value = schema::set(to, key, schema::given_by_text(key, text)).map_err(fails)?;
        if let Some(problem) = schema::contradiction(to) {
            return Err(SettingsError::in_variable(&variable, problem));
        }
        all.said.push(Said {
            function: function.to_owned(),
            key,
            value,
            variable,
        });
    }
    Ok(all)
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
        assert_eq!(all.functions["APP_LOAD"].retries, Some(7));
        assert_eq!(all.said.len(), 2);
        assert!(all.unused.is_empty());
    }

    #[test]
    fn one_that_nothing_uses_is_told_without_its_value() {
        let all = parsed(&[
            ("REDIS_RESILIENT__FUNCTIONS__A__RETRYS", "c4n4ry"),
            ("REDIS_RESILIENT__PASSWORD", "c4n4ry"),
            ("REDIS_RESILIENT__BREAKERS__A__RETRIES", "c4n4ry"),
        ])
        .expect("nothing uses them");
        assert_eq!(all.unused.len(), 3);
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
