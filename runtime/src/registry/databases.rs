//! What connectors with several databases say of these.

use std::time::Duration;

use crate::event::SwitchReason;

/// Several databases of which commands go to one, that say of themselves how they are doing. Connectors of `Connector::failover` are such.
pub trait RegisteredDatabases: Send + Sync {
    /// How they are doing now. No lock of the registry is held meanwhile. Nothing in it may be secret.
    fn report(&self) -> DatabasesReport;
}

/// How several databases are doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabasesReport {
    /// The connector that they are of. The list is ordered by it.
    pub connector: String,
    /// All of them, in the order in which they were named.
    pub databases: Vec<DatabaseReport>,
    /// How often another one became the present one.
    pub switches: u64,
    /// The last time.
    pub last_switch: Option<SwitchReport>,
    /// Whether an operator has chosen the present one.
    pub by_hand: bool,
}

/// How one of them is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseReport {
    /// Its name.
    pub name: String,
    /// Where it is, as in the description of a connector.
    pub place: String,
    /// The heaviest that is well is the present one.
    pub weight: u32,
    /// Whether commands go to it.
    pub present: bool,
    /// Whether it answers, and nobody has forced its circuit open.
    pub healthy: bool,
    /// For how long it has been so.
    pub unchanged_for: Duration,
    /// What was wrong with it last.
    pub last_error: Option<String>,
}

/// A switch to another database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SwitchReport {
    /// The one before.
    pub from: String,
    /// The one after.
    pub to: String,
    /// Why.
    pub reason: SwitchReason,
    /// How long ago.
    pub ago: Duration,
}

impl DatabasesReport {
    /// Of databases that nobody has left so far.
    #[must_use]
    pub fn new(connector: impl Into<String>, databases: Vec<DatabaseReport>) -> Self {
        Self {
            connector: connector.into(),
            databases,
            switches: 0,
            last_switch: None,
            by_hand: false,
        }
    }

    /// The present one.
    #[must_use]
    pub fn present(&self) -> Option<&DatabaseReport> {
        self.databases.iter().find(|database| database.present)
    }
}

impl DatabaseReport {
    /// One that is well, and not the present one.
    #[must_use]
    pub fn new(name: impl Into<String>, place: impl Into<String>, weight: u32) -> Self {
        Self {
            name: name.into(),
            place: place.into(),
            weight,
            present: false,
            healthy: true,
            unchanged_for: Duration::ZERO,
            last_error: None,
        }
    }
}

impl SwitchReport {
    /// One that was so long ago.
    #[must_use]
    pub fn new(
        from: impl Into<String>,
        to: impl Into<String>,
        reason: SwitchReason,
        ago: Duration,
    ) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            reason,
            ago,
        }
    }
}
