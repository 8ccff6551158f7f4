//! What the settings say of themselves that are read while the process runs: those of the feature `settings`.

use std::fmt;
use std::sync::OnceLock;

use super::Registry;

/// Where settings come from that are in force. One for the process.
#[doc(hidden)]
pub trait RegisteredSettings: Send + Sync {
    /// What is in force now. No lock of the registry is held meanwhile. Nothing in it may be secret.
    fn report(&self) -> SettingsReport;
}

static SETTINGS: OnceLock<&'static dyn RegisteredSettings> = OnceLock::new();

/// What is said in a file and in the environment, and what has become of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingsReport {
    /// The file; `None`: there has been none.
    pub path: Option<String>,
    /// How often settings were put in force that were others than before.
    pub applied: u64,
    /// Why the file as it is now is not in force, and on which line; `None`: it is.
    pub refused: Option<String>,
    /// What is no mistake, but may not be meant: variables that nothing uses, names that nothing has but that are similar to one.
    pub warnings: Vec<String>,
    /// Each value, in the order of the file, then those of the environment.
    pub values: Vec<SettingReport>,
}

/// One value that is not said in code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingReport {
    /// What it is a setting of.
    pub part: SettingPart,
    /// The name of that; of a variable, as it has it: `SHOP_USERS_LOAD`.
    pub name: String,
    /// As attributes and builders spell it.
    pub key: &'static str,
    /// As it would be written in the file.
    pub value: String,
    /// The place in the file, `resilience.toml:3:11`, or the name of the variable.
    pub origin: String,
    /// Whether it counts: a value of the file does not where a variable says another.
    pub effective: bool,
    /// Whether something of this name is in the registry.
    pub known: bool,
}

/// What can have settings. In the plural, as the tables of a file: with the names of types, compilers would write out their paths in each error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SettingPart {
    /// An annotated function, or a [`Policy`](crate::Policy).
    Functions,
    /// A [`Breaker`](crate::Breaker).
    Breakers,
    /// A [`Bulkhead`](crate::Bulkhead).
    Bulkheads,
    /// A connector.
    Connectors,
    /// A cache.
    Caches,
    /// Faults on purpose, in a function.
    Chaos,
}

impl SettingPart {
    /// The name of its table in a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::Breakers => "breakers",
            Self::Bulkheads => "bulkheads",
            Self::Connectors => "connectors",
            Self::Caches => "caches",
            Self::Chaos => "chaos",
        }
    }
}

impl fmt::Display for SettingPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl SettingsReport {
    /// One with nothing in it.
    #[doc(hidden)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl SettingReport {
    /// One that counts.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        part: SettingPart,
        name: String,
        key: &'static str,
        value: String,
        origin: String,
    ) -> Self {
        Self {
            part,
            name,
            key,
            value,
            origin,
            effective: true,
            known: false,
        }
    }
}

impl Registry {
    /// Tells from now on what is in force. The first counts.
    #[doc(hidden)]
    pub fn register_settings(&self, settings: &'static dyn RegisteredSettings) {
        // There are none but those of the crate `settings`.
        let _ = SETTINGS.set(settings);
    }

    /// What is said in a file and in the environment, with the feature `settings`; `None` until a file is loaded.
    #[must_use]
    pub fn settings(&self) -> Option<SettingsReport> {
        SETTINGS.get().map(|settings| settings.report())
    }
}
