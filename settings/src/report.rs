//! Where each value comes from, for the application and for those who read the registry.

use std::path::PathBuf;

use redis_resilient_runtime::__seam::{chaos, overrides};
use redis_resilient_runtime::registry::{
    RegisteredSettings, SettingPart, SettingReport, SettingsReport,
};

use crate::in_force::{self, InForce, Reporter};
use crate::known::{self, Known};
use crate::said::ALL;
use crate::{environment, file};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The file.
    #[non_exhaustive]
    File {
        /// As it was given to [`watch`](crate::watch).
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A variable of the environment.
    #[non_exhaustive]
    Environment {
        /// Its name.
        variable: String,
    },
}

/// One value that is not said in code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// What it is a setting of.
    pub part: SettingPart,
    /// The name of that; of a variable, as it has it: `SHOP_USERS_LOAD`.
    pub name: String,
    /// As attributes and builders spell it.
    pub key: &'static str,
    /// As it would be written in the file.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it counts: a value of the file does not where a variable says another, nor a number of a rule that the breaker does not open by.
    pub effective: bool,
    /// Whether something of this name is known yet, which is so of a function from its first failure on.
    pub known: bool,
}

/// All values that are not said in code, and where they come from: those of the file as they stand there, then those of the environment.
///
/// The same is in [`Registry::settings`](redis_resilient_runtime::Registry::settings), for those who do not depend on this.
#[must_use]
pub fn sources() -> Vec<Source> {
    let known = Known::now();
    let in_force = in_force::lock();
    let Some(in_force) = &*in_force else {
        return Vec::new();
    };
    sources_of(in_force, &known)
}

fn sources_of(in_force: &InForce, known: &Known) -> Vec<Source> {
    let path = in_force.status.path.clone().unwrap_or_default();
    let of_file = in_force.contents.values.iter().map(|value| Source {
        part: value.part,
        name: value.name.clone(),
        key: value.key,
        value: value.value.clone(),
        origin: Origin::File {
            path: path.clone(),
            line: value.line,
            column: value.column,
        },
        effective: is_effective(value, in_force),
        known: value.name == ALL || known.has(value.part, &value.name),
    });
    let of_variables = in_force.variables.values.iter().map(|value| {
        let of = known.by_variable(value.part, &value.name);
        Source {
            part: value.part,
            name: value.name.clone(),
            key: value.key,
            value: value.value.clone(),
            origin: Origin::Environment {
                variable: value.variable.clone(),
            },
            effective: !of.is_some_and(|of| known::ignores(value.part, of, value.key)),
            known: of.is_some(),
        }
    });
    of_file.chain(of_variables).collect()
}

fn is_effective(value: &file::Valued, in_force: &InForce) -> bool {
    if value.part == SettingPart::Chaos {
        return chaos::is_allowed() && !in_force.contents.said.over.contains(&value.name);
    }
    let as_variable = overrides::as_variable(&value.name);
    let is_overruled = |of: &environment::Valued| {
        (of.part, of.key) == (value.part, value.key) && of.name == as_variable
    };
    !in_force.variables.values.iter().any(is_overruled)
        && !known::ignores(value.part, &value.name, value.key)
}

impl RegisteredSettings for Reporter {
    fn report(&self) -> SettingsReport {
        let known = Known::now();
        let mut report = SettingsReport::new();
        let in_force = in_force::lock();
        let Some(in_force) = &*in_force else {
            return report;
        };
        let shown = |path: &PathBuf| path.display().to_string();
        report.path = in_force.status.path.as_ref().map(shown);
        report.applied = in_force.status.applied;
        report.refused = in_force.status.refused.as_ref().map(ToString::to_string);
        report.warnings.clone_from(&in_force.warnings);
        let values = sources_of(in_force, &known).into_iter().map(|source| {
            let origin = match source.origin {
                Origin::File { path, line, column } => {
                    format!("{}:{line}:{column}", path.display())
                }
                Origin::Environment { variable } => variable,
            };
            let (part, name, key) = (source.part, source.name, source.key);
            let mut value = SettingReport::new(part, name, key, source.value, origin);
            (value.effective, value.known) = (source.effective, source.known);
            value
        });
        report.values = values.collect();
        report
    }
}
