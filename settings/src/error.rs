//! What is wrong with settings.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why settings were refused. Nothing has changed by them.
///
/// `Display` says where: `resilience.toml:3:11: …`, or the variable. Values are not shown, but for those that are nearly a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    place: Place,
    problem: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File {
        path: PathBuf,
        /// Line and column, from 1.
        at: Option<(usize, usize)>,
    },
    Variable(String),
}

impl SettingsError {
    pub(crate) fn in_file(path: &Path, at: Option<(usize, usize)>, problem: String) -> Self {
        let path = path.to_owned();
        Self {
            place: Place::File { path, at },
            problem,
        }
    }

    pub(crate) fn in_variable(name: &str, problem: String) -> Self {
        Self {
            place: Place::Variable(name.to_owned()),
            problem,
        }
    }

    /// The line, from 1, if it is about one.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        match self.place {
            Place::File {
                at: Some((line, _)),
                ..
            } => Some(line),
            _ => None,
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { path, at: None } => write!(f, "{}", path.display())?,
            Place::File {
                path,
                at: Some((line, column)),
            } => write!(f, "{}:{line}:{column}", path.display())?,
            Place::Variable(name) => write!(f, "variable {name}")?,
        }
        write!(f, ": {}", self.problem)
    }
}

impl Error for SettingsError {}
