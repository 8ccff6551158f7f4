//! What is in the registry, by name: names that nothing has are told, where they are similar to one.

use std::collections::{BTreeMap, BTreeSet};

use redis_resilient_runtime::__seam::{chaos, overrides};
use redis_resilient_runtime::Registry;
use redis_resilient_runtime::registry::SettingPart;

use crate::said::ALL;
use crate::{environment, file, suggest};

/// The names of all parts. What has nothing to tell yet is not in the registry, so that a name may be right that is not here.
#[derive(Debug)]
pub(crate) struct Known(BTreeMap<SettingPart, BTreeSet<String>>);

impl Known {
    pub(crate) fn now() -> Self {
        let registry = Registry::global();
        let functions: BTreeSet<String> = registry
            .functions()
            .iter()
            .map(|function| function.name.to_owned())
            .collect();
        let breakers = registry.breakers();
        let breakers = breakers.iter().map(|one| one.snapshot.name.to_owned());
        let bulkheads = registry.bulkheads();
        let bulkheads = bulkheads.iter().map(|one| one.snapshot.name.to_owned());
        let connectors = registry.connectors();
        let connectors = connectors.iter().flat_map(|one| {
            let names = overrides::names_of_connector(&one.description).into_iter();
            names.map(str::to_owned).collect::<Vec<_>>()
        });
        let caches = registry.caches();
        let caches = caches.iter().map(|one| one.name.clone());
        Self(BTreeMap::from([
            (SettingPart::Chaos, functions.clone()),
            (SettingPart::Functions, functions),
            (SettingPart::Breakers, breakers.collect()),
            (SettingPart::Bulkheads, bulkheads.collect()),
            (SettingPart::Connectors, connectors.collect()),
            (SettingPart::Caches, caches.collect()),
        ]))
    }

    fn names(&self, part: SettingPart) -> impl Iterator<Item = &str> {
        let names = self.0.get(&part).into_iter().flatten();
        names.map(String::as_str)
    }

    pub(crate) fn has(&self, part: SettingPart, name: &str) -> bool {
        self.0.get(&part).is_some_and(|names| names.contains(name))
    }

    /// The name that a variable has in its own way.
    pub(crate) fn by_variable(&self, part: SettingPart, name: &str) -> Option<&str> {
        self.names(part)
            .find(|known| overrides::as_variable(known) == name)
    }

    /// What is no mistake, but may not be meant.
    pub(crate) fn warnings(
        &self,
        contents: &file::Contents,
        variables: &environment::Variables,
    ) -> Vec<String> {
        let mut warnings = variables.unused.clone();
        let mut seen = BTreeSet::new();
        for value in &contents.values {
            if seen.insert((value.part, &value.name)) {
                warnings.extend(self.misspelt(value.part, &value.name));
            }
            if ignores(value.part, &value.name, value.key) {
                let (part, name, key) = (value.part, &value.name, value.key);
                warnings.push(format!(
                    "`{key}` has no effect in {part}.\"{name}\": it opens by another rule"
                ));
            }
        }
        let over = contents.said.over.iter();
        warnings.extend(over.map(|name| {
            format!("the time is over for which faults were to be injected in `{name}`")
        }));
        let why = if !chaos::COMPILED_IN {
            "the feature `chaos` is not compiled in"
        } else if !chaos::is_allowed() {
            "the application has not called `chaos::allow()`"
        } else {
            return warnings;
        };
        if !contents.said.chaos.is_empty() {
            warnings.push(format!("no fault is injected: {why}"));
        }
        warnings
    }

    fn misspelt(&self, part: SettingPart, name: &str) -> Option<String> {
        if name == ALL || self.has(part, name) {
            return None;
        }
        // A function is called by its path, unless it has a name of its own.
        let by_its_end = |known: &&str| known.rsplit("::").next() == Some(name);
        let other = self.names(part).find(by_its_end).or_else(|| {
            self.names(part)
                .find(|known| suggest::is_close(name, known))
        })?;
        let what = match part {
            SettingPart::Breakers => "breaker",
            SettingPart::Bulkheads => "bulkhead",
            SettingPart::Connectors => "connector",
            SettingPart::Caches => "cache",
            _ => "function",
        };
        Some(format!(
            "no {what} `{name}` is known; did you mean `{other}`?"
        ))
    }
}

/// Whether this is said of a breaker that opens by another rule.
pub(crate) fn ignores(part: SettingPart, name: &str, key: &str) -> bool {
    part == SettingPart::Breakers
        && overrides::taken_by(name).is_some_and(|taken| !taken.contains(&key))
}
