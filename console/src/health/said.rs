//! What health shows of what was not said in code: settings of a file and the environment, and faults that are injected on purpose.

use std::collections::{BTreeMap, HashMap};

use redis_resilient_runtime::__seam::chaos;
use redis_resilient_runtime::registry::{SettingPart, SettingReport, SettingsReport};
use serde::Serialize;

use super::millis;

/// Settings of a file and the environment.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SettingsHealth {
    /// The file.
    pub path: Option<String>,
    /// How often settings were put in force that were others than before.
    pub applied: u64,
    /// Why the file as it is now is not in force, and on which line.
    pub refused: Option<String>,
    /// What is no mistake, but may not be meant.
    pub warnings: Vec<String>,
    /// Each value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<SettingHealth>>,
}

/// One value that is not said in code.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SettingHealth {
    /// What it is a setting of, as tables of the file are named: `functions`, `breakers`, …
    pub part: &'static str,
    /// The name of that; of a variable, as it has it.
    pub name: String,
    /// As attributes and builders spell it.
    pub key: &'static str,
    /// As it would be written in the file.
    pub value: String,
    /// The place in the file, or the name of the variable.
    pub origin: String,
    /// Whether it counts.
    pub effective: bool,
    /// Whether something of this name is in the registry.
    pub known: bool,
}

/// A fault that is injected on purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChaosHealth {
    /// What is injected.
    pub fault: &'static str,
    /// For how long an attempt is delayed, if it is.
    pub delay_ms: Option<u64>,
    /// In which function; `None`: in all.
    pub function: Option<String>,
    /// In what share of the attempts, from 0 to 1.
    pub share: f64,
    /// How long it still lasts.
    pub left_ms: u64,
    /// In how many attempts it has been injected.
    pub injected: u64,
    /// Who has armed it: `code`, `settings`, or `console`.
    pub by: &'static str,
}

impl SettingsHealth {
    pub(super) fn of(report: SettingsReport) -> Self {
        Self {
            path: report.path,
            applied: report.applied,
            refused: report.refused,
            warnings: report.warnings,
            values: Some(report.values.into_iter().map(SettingHealth::of).collect()),
        }
    }

    /// What counts of what is said of functions, by their names, or those as variables have them.
    pub(super) fn of_functions(&self) -> OfFunctions<'_> {
        let mut by_name = HashMap::<_, Vec<_>>::new();
        for value in self.values.iter().flatten() {
            if value.effective && value.part == SettingPart::Functions.name() {
                by_name.entry(value.name.as_str()).or_default().push(value);
            }
        }
        OfFunctions(by_name)
    }
}

/// What is said of functions.
pub(super) struct OfFunctions<'a>(HashMap<&'a str, Vec<&'a SettingHealth>>);

impl OfFunctions<'_> {
    /// Which of the numbers of this one are said elsewhere than in code, and where.
    pub(super) fn origins(&self, function: &str) -> BTreeMap<&'static str, String> {
        if self.0.is_empty() {
            return BTreeMap::new();
        }
        let variable = as_variable(function);
        let names = [function, variable.as_str()];
        let values = names.iter().filter_map(|name| self.0.get(name)).flatten();
        values.map(|one| (one.key, one.origin.clone())).collect()
    }
}

/// A name as variables have it: all that is not a letter or digit is one underscore.
fn as_variable(name: &str) -> String {
    let parts = name.split(|other: char| !other.is_ascii_alphanumeric());
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join("_").to_ascii_uppercase()
}

impl SettingHealth {
    fn of(report: SettingReport) -> Self {
        Self {
            part: report.part.name(),
            name: report.name,
            key: report.key,
            value: report.value,
            origin: report.origin,
            effective: report.effective,
            known: report.known,
        }
    }
}

impl ChaosHealth {
    pub(super) fn all() -> Vec<Self> {
        chaos::plans().into_iter().map(Self::of).collect()
    }

    fn of(plan: chaos::Plan) -> Self {
        Self {
            fault: plan.fault,
            delay_ms: plan.delay.map(millis),
            function: plan.function,
            share: plan.share,
            left_ms: millis(plan.left),
            injected: plan.injected,
            by: plan.by,
        }
    }

    /// In which function it is, in words.
    pub(super) fn place(&self) -> &str {
        self.function.as_deref().unwrap_or("all functions")
    }
}
