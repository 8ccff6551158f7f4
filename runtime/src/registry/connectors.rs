//! What connectors say of themselves.

use std::time::Duration;

use crate::Class;
use crate::overrides::ConnectorSettings;

/// A source of connections that says of itself how it is doing. The connectors of the feature `connection` are such; a pool of your own
/// may be one.
pub trait RegisteredConnector: Send + Sync {
    /// How it is doing now. No lock of the registry is held meanwhile. Nothing in it may be secret.
    fn report(&self) -> ConnectorReport;

    /// Goes by these from now on, where it can, and by its own where nothing is said. Several times with the same is as good as once.
    fn tune(&self, said: &ConnectorSettings) {
        let _ = said;
    }
}

/// How a connector is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectorReport {
    /// Where it leads to and what it is, without secrets. The list is ordered by it.
    pub description: String,
    /// The connections that it has; none if there is nothing to be connected to now, or has not been yet.
    pub connections: Vec<ConnectionReport>,
    /// The last time that connecting failed, or a connection was lost.
    pub last_failure: Option<ConnectionFailure>,
}

/// One connection of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionReport {
    /// The server's address.
    pub address: String,
    /// How long it has been connected.
    pub connected_for: Duration,
    /// What the server was when that was last looked at; `None` if it was not.
    pub role: Option<ServerRole>,
}

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerRole {
    /// It takes writes.
    Primary,
    /// It follows a primary.
    Replica,
}

/// Why there was no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionFailure {
    /// What it means.
    pub class: Class,
    /// The error's text, without secrets.
    pub error: String,
    /// How long ago it was.
    pub ago: Duration,
}

impl ConnectorReport {
    /// Of one that has no connection, and never failed to get one.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            connections: Vec::new(),
            last_failure: None,
        }
    }

    /// It has this connection too.
    #[must_use]
    pub fn connection(mut self, connection: ConnectionReport) -> Self {
        self.connections.push(connection);
        self
    }

    /// It last failed in this way.
    #[must_use]
    pub fn last_failure(mut self, failure: ConnectionFailure) -> Self {
        self.last_failure = Some(failure);
        self
    }
}

impl ConnectionReport {
    /// One to a server whose role was not looked at.
    #[must_use]
    pub fn new(address: impl Into<String>, connected_for: Duration) -> Self {
        Self {
            address: address.into(),
            connected_for,
            role: None,
        }
    }

    /// The server has this role.
    #[must_use]
    pub const fn role(mut self, role: ServerRole) -> Self {
        self.role = Some(role);
        self
    }
}

impl ConnectionFailure {
    /// One that was so long ago.
    #[must_use]
    pub fn new(class: Class, error: impl Into<String>, ago: Duration) -> Self {
        Self {
            class,
            error: error.into(),
            ago,
        }
    }
}
