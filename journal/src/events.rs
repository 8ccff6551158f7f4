//! What observers are told of a journal. While nothing waits, nothing is told.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::RedisError;
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::__seam::{Counted, address_in_chain, emit, error_text, wants};
use redis_resilient_runtime::Class;
use redis_resilient_runtime::event::{
    Event, JournalDamaged, JournalDrained, JournalDropped, JournalFailed, JournalProgress,
    JournalQueued, Severity, WriteDead,
};
use redis_resilient_runtime::registry::ConnectionFailure;

use crate::error::JournalError;
use crate::recovered::Recovered;
use crate::speed::eta;

/// Tells in the name of one journal.
#[derive(Debug)]
pub(crate) struct Events {
    journal: &'static str,
    failed: Counted,
    dropped: Counted,
    last_failure: Mutex<Option<Failure>>,
}

/// What failed last, as it is shown.
#[derive(Debug)]
struct Failure {
    class: Class,
    error: String,
    at_ms: u64,
}

impl Events {
    pub(crate) fn of(journal: &'static str) -> Self {
        Self {
            journal,
            failed: Counted::default(),
            dropped: Counted::default(),
            last_failure: Mutex::default(),
        }
    }

    /// Redis did not take a write, or did not answer. It is told nobody: for the registry.
    pub(crate) fn not_taken(&self, error: &RedisError) {
        self.remember(Class::of(error), error_text(error));
    }

    /// Redis was silent, when it was asked whether it is there.
    pub(crate) fn silent(&self, waited: Duration) {
        let error = format!("Redis has not answered for {waited:?}");
        self.remember(Class::Ambiguous, error);
    }

    fn remember(&self, class: Class, error: String) {
        let at_ms = now_ms();
        let failure = Failure {
            class,
            error,
            at_ms,
        };
        let mut last = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(failure);
    }

    /// What failed last.
    pub(crate) fn last_failure(&self) -> Option<ConnectionFailure> {
        let last = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Failure {
            class,
            error,
            at_ms,
        } = last.as_ref()?;
        let ago = Duration::from_millis(now_ms().saturating_sub(*at_ms));
        Some(ConnectionFailure::new(*class, error.clone(), ago))
    }

    /// The first write waits.
    pub(crate) fn queued(&self, because: Option<&RedisError>) {
        if let Some(error) = because {
            self.not_taken(error);
        }
        if wants(Severity::Warn) {
            let text = because.map(|error| error_text(error));
            emit(&Event::JournalQueued(JournalQueued::new(
                self.journal,
                because.map(|error| Class::of(error)),
                text.as_deref(),
                because.and_then(|error| address_in_chain(error)),
            )));
        }
    }

    pub(crate) fn progress(&self, waiting: u64, executed: u64, elapsed: Duration) {
        emit(&Event::JournalProgress(JournalProgress::new(
            self.journal,
            waiting,
            executed,
            eta(waiting, executed, elapsed),
        )));
    }

    /// Nothing waits any more.
    pub(crate) fn drained(&self, executed: u64, expired: u64, took: Duration) {
        emit(&Event::JournalDrained(JournalDrained::new(
            self.journal,
            executed,
            expired,
            took,
        )));
    }

    pub(crate) fn dead(&self, number: u64, commands: &str, error: &str) {
        if wants(Severity::Error) {
            let event = WriteDead::new(self.journal, number, commands, error);
            emit(&Event::WriteDead(event));
        }
    }

    pub(crate) fn dropped(&self, count: u64) {
        if let Some(count) = self.dropped.add(count, now_ms()) {
            emit(&Event::JournalDropped(JournalDropped::new(
                self.journal,
                count,
            )));
        }
    }

    /// What it is kept in fails.
    pub(crate) fn storage(&self, error: &JournalError) {
        self.remember(Class::NotRedis, error.to_string());
        if let Some(count) = self.failed.add(1, now_ms()) {
            let error = error.to_string();
            emit(&Event::JournalFailed(JournalFailed::new(
                self.journal,
                count,
                &error,
            )));
        }
    }

    /// It was opened, and has lost something.
    pub(crate) fn recovered(&self, recovered: &Recovered) {
        if recovered.lost > 0 || recovered.damaged_bytes > 0 {
            emit(&Event::JournalDamaged(JournalDamaged::new(
                self.journal,
                recovered.lost,
                recovered.damaged_bytes,
            )));
        }
    }
}
