//! Where a connection's writes go, to Redis or into the journal: what asynchronous and synchronous code share.

use std::fmt;
use std::time::Duration;

use redis::{Cmd, RedisError, Value};
use redis_resilient_connection::__seam::connector;
use redis_resilient_connection::Connector;
use redis_resilient_coordination::__seam::once::Sent;
use redis_resilient_coordination::Once;
use redis_resilient_runtime::{Policy, ServedBy};

use super::decision::{Writes, goes_to_journal, once};
use super::memory::Memory;
use crate::drain::unsure::may_have_run;
use crate::error::JournalError;
use crate::journal::Journal;
use crate::keeper::Acknowledgement;

#[derive(Clone)]
pub(super) struct Target {
    journal: Journal,
    pub(super) connector: Connector,
    /// How long a server remembers that it has executed a write.
    pub(super) once_for: Option<Duration>,
    pub(super) memory: Option<Memory>,
}

/// What `exactly_once` is given.
pub(super) const fn remembered(time: Duration) -> Duration {
    assert!(
        time.as_millis() > 0,
        "`exactly_once` takes how long the server is to remember, which is longer than outages last"
    );
    time
}

impl Target {
    pub(super) fn new(journal: Journal, connector: Connector) -> Self {
        Self {
            journal,
            connector,
            once_for: None,
            memory: None,
        }
    }

    /// One attempt, and the breaker of the connector: how often something is tried is its caller's affair.
    pub(super) fn policy(&self) -> Policy {
        Policy::new(self.journal.name())
            .retries(0)
            .without_timeout()
            .breaker(self.connector.breaker())
            .served_by(ServedBy::Memory)
    }

    /// That write with a token, if it is to have one.
    pub(super) fn with_token(&self, command: &Cmd) -> Option<Sent> {
        once(command, &Once::new().remember_for(self.once_for?))
    }

    /// Writes that have to queue behind what waits for their keys.
    pub(super) fn behind(&self, writes: impl FnOnce() -> Option<Writes>) -> Option<Writes> {
        if self.journal.is_empty() {
            return None;
        }
        writes().filter(|writes| writes.touches(|keys| self.journal.has_one_of(keys)))
    }

    /// What is remembered of that key. `is_away`: Redis does not answer; else only if writes of the key wait, so that Redis has an older value.
    pub(super) fn remembered(&self, key: &[u8], is_away: bool) -> Option<Value> {
        let memory = self.memory.as_ref()?;
        let waits = || !self.journal.is_empty() && self.journal.has_one_of(&[key]);
        if is_away || waits() {
            memory.get(key)
        } else {
            None
        }
    }

    /// Puts them into the journal. `because`: why they are not sent.
    pub(super) fn keep(
        &self,
        mut writes: Writes,
        because: Option<&RedisError>,
    ) -> Result<Acknowledgement<()>, JournalError> {
        if !self.journal.is_for(&self.connector) {
            return Err(JournalError::elsewhere(self.journal.name()));
        }
        let is_unsure = because.is_some_and(may_have_run);
        for entry in &mut writes.entries {
            entry.may_have_run = is_unsure;
        }
        self.journal.keep(writes.entries, because)
    }

    pub(super) fn fmt(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("journal", &self.journal.name())
            .field("connector", &connector::place(&self.connector))
            .field("once_for", &self.once_for)
            .field("remembers", &self.memory.is_some())
            .finish_non_exhaustive()
    }
}

/// Writes that failed like this and go to the journal.
///
/// # Errors
/// The error, if they do not.
pub(super) fn instead(
    error: RedisError,
    writes: Option<Writes>,
) -> Result<(Writes, RedisError), RedisError> {
    match writes {
        Some(writes) if goes_to_journal(&error, writes.are_once()) => Ok((writes, error)),
        _ => Err(error),
    }
}
