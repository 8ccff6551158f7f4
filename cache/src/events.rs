//! What observers are told of a cache. Hits and loads tell nothing.

use std::fmt::Display;
use std::time::Duration;

use redis::RedisError;
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::__seam::{Counted, address_in_chain, emit, error_text, wants};
use redis_resilient_runtime::Class;
use redis_resilient_runtime::event::{
    EntryUnreadable, Event, InvalidationPending, InvalidationsSettled, Severity, StaleServed,
    ValueNotStored,
};

/// Tells in the name of one cache.
#[derive(Debug)]
pub(crate) struct Events {
    cache: &'static str,
    unreadable: Counted,
}

impl Events {
    pub(crate) fn of(cache: &'static str) -> Self {
        Self {
            cache,
            unreadable: Counted::default(),
        }
    }

    /// `in_need`: the load failed, or takes too long.
    pub(crate) fn stale_served(&self, overdue: Duration, in_need: bool) {
        let event = StaleServed::new(self.cache, overdue, in_need);
        emit(&Event::StaleServed(event));
    }

    /// What Redis has is not a value of this cache.
    pub(crate) fn unreadable(&self, why: &dyn Display) {
        if !wants(Severity::Warn) {
            return;
        }
        if let Some(count) = self.unreadable.add(1, now_ms()) {
            // It may quote the value, which is the application's own affair.
            let error = why.to_string();
            emit(&Event::EntryUnreadable(EntryUnreadable::new(
                self.cache, count, &error,
            )));
        }
    }

    pub(crate) fn not_stored(&self, took: Duration, lease: Duration) {
        emit(&Event::ValueNotStored(ValueNotStored::new(
            self.cache, took, lease,
        )));
    }

    pub(crate) fn pending(&self, error: &RedisError) {
        if wants(Severity::Warn) {
            let text = error_text(error);
            emit(&Event::InvalidationPending(InvalidationPending::new(
                self.cache,
                Class::of(error),
                &text,
                address_in_chain(error),
            )));
        }
    }

    pub(crate) fn settled(&self, told: u64, dropped: u64) {
        emit(&Event::InvalidationsSettled(InvalidationsSettled::new(
            self.cache, told, dropped,
        )));
    }
}
