//! What observers are told of a consumer. Entries that are handled tell nothing.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use redis::RedisError;
use redis_resilient_runtime::__seam::clock::{self, Instant, now_ms};
use redis_resilient_runtime::__seam::{
    Rarely, SILENCE_MS, address_in_chain, emit, error_text, wants,
};
use redis_resilient_runtime::Class;
use redis_resilient_runtime::event::{
    ConsumerFailed, ConsumerRecovered, EntriesTakenOver, EntriesTrimmed, EntryDeadLettered,
    EntryFailed, Event, GroupMade, Severity,
};
use redis_resilient_runtime::registry::ConnectionFailure;

use super::entry::EntryId;

/// Tells in the name of one consumer.
#[derive(Debug)]
pub(super) struct Events {
    stream: String,
    group: String,
    rarely: Rarely,
    /// Since when it cannot read.
    failing: Mutex<Option<Instant>>,
    last_failure: Mutex<Option<(RedisError, Instant)>>,
}

impl Events {
    pub(super) fn of(stream: &[u8], group: &str) -> Self {
        Self {
            stream: String::from_utf8_lossy(stream).into_owned(),
            group: group.to_owned(),
            rarely: Rarely::default(),
            failing: Mutex::default(),
            last_failure: Mutex::default(),
        }
    }

    pub(super) fn cannot_read(&self, error: &RedisError) {
        self.failing().get_or_insert_with(clock::now);
        *self.last() = Some((error.clone(), clock::now()));
        if wants(Severity::Warn) && self.rarely.is_due(now_ms(), SILENCE_MS) {
            let text = error_text(error);
            emit(&Event::ConsumerFailed(ConsumerFailed::new(
                Class::of(error),
                &self.stream,
                &self.group,
                &text,
                address_in_chain(error),
            )));
        }
    }

    pub(super) fn reads(&self) {
        let Some(since) = self.failing().take() else {
            return;
        };
        let after = clock::now().saturating_duration_since(since);
        emit(&Event::ConsumerRecovered(ConsumerRecovered::new(
            after,
            &self.stream,
            &self.group,
        )));
    }

    pub(super) fn group_made(&self, again: bool, at: &str) {
        emit(&Event::GroupMade(GroupMade::new(
            again,
            &self.stream,
            &self.group,
            at,
        )));
    }

    /// `delay`: until the next attempt, if there is one.
    pub(super) fn failed(&self, id: EntryId, attempt: u32, delay: Option<Duration>, error: &str) {
        if wants(Severity::Warn) {
            let (stream, group, id) = (&self.stream, &self.group, id.to_string());
            let event = EntryFailed::new(attempt, delay, stream, group, &id, error);
            emit(&Event::EntryFailed(event));
        }
    }

    pub(super) fn dead_letter(&self, id: EntryId, deliveries: u32, error: &str) {
        let (stream, group, id) = (&self.stream, &self.group, id.to_string());
        let event = EntryDeadLettered::new(deliveries, stream, group, &id, error);
        emit(&Event::EntryDeadLettered(event));
    }

    pub(super) fn taken_over(&self, count: u64) {
        if count > 0 {
            let event = EntriesTakenOver::new(count, &self.stream, &self.group);
            emit(&Event::EntriesTakenOver(event));
        }
    }

    pub(super) fn trimmed(&self, count: u64) {
        if count > 0 {
            let event = EntriesTrimmed::new(count, &self.stream, &self.group);
            emit(&Event::EntriesTrimmed(event));
        }
    }

    pub(super) fn stream(&self) -> &str {
        &self.stream
    }

    /// For how long it has not been able to read.
    pub(super) fn failing_for(&self) -> Option<Duration> {
        let since = *self.failing();
        since.map(|since| clock::now().saturating_duration_since(since))
    }

    /// The last time that it could not read.
    pub(super) fn last_failure(&self) -> Option<ConnectionFailure> {
        let (error, at) = self.last().clone()?;
        let ago = clock::now().saturating_duration_since(at);
        let failure = ConnectionFailure::new(Class::of(&error), error_text(&error), ago);
        Some(failure)
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<(RedisError, Instant)>> {
        self.last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn failing(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
