//! What consumers of streams say of themselves.

use std::time::Duration;

use super::connectors::ConnectionFailure;

/// A consumer that says of itself how it is doing. Those of the feature `streams` are such while they run.
pub trait RegisteredConsumer: Send + Sync {
    /// How it is doing now. No lock of the registry is held meanwhile. Nothing in it may be secret.
    fn report(&self) -> ConsumerReport;
}

/// How a consumer is doing. Counts are since it began to run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerReport {
    /// The stream. The list is ordered by it, then by group and name.
    pub stream: String,
    /// The group.
    pub group: String,
    /// Its own name in the group.
    pub name: String,
    /// In which Redis the stream is, by the description of the connector: without secrets.
    pub connector: String,
    /// How long it has been running.
    pub running_for: Duration,
    /// Whether Redis answers what it asks.
    pub reading: bool,
    /// For how long it has not been able to read, if it is not.
    pub failing_for: Option<Duration>,
    /// Whether another consumer of the group is at work in its place, because there is an order.
    pub standing_by: bool,
    /// How many entries it has in hand.
    pub in_work: u64,
    /// How many entries of the stream the group had not been given yet when this was last looked at; `None`: it is not known.
    pub lag: Option<u64>,
    /// How many entries it has handled.
    pub handled: u64,
    /// How many attempts have failed.
    pub failed: u64,
    /// How many entries it has put among the dead letters.
    pub dead_letters: u64,
    /// How many entries were trimmed before they were handled.
    pub trimmed: u64,
    /// How many entries it has taken over from others.
    pub taken_over: u64,
    /// The last time that it could not read.
    pub last_failure: Option<ConnectionFailure>,
}

impl ConsumerReport {
    /// Of one that has just begun, and has not read yet.
    #[must_use]
    pub fn new(
        stream: impl Into<String>,
        group: impl Into<String>,
        name: impl Into<String>,
        connector: impl Into<String>,
    ) -> Self {
        Self {
            stream: stream.into(),
            group: group.into(),
            name: name.into(),
            connector: connector.into(),
            running_for: Duration::ZERO,
            reading: false,
            failing_for: None,
            standing_by: false,
            in_work: 0,
            lag: None,
            handled: 0,
            failed: 0,
            dead_letters: 0,
            trimmed: 0,
            taken_over: 0,
            last_failure: None,
        }
    }
}
