//! Lines about caches.

use tracing::{info, warn};

use super::{LeftOut, TARGET, log_line};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::StaleServed(event) if event.in_need => log_line!(warn, left, {
            cache = event.cache,
            overdue_ms = whole_millis(event.overdue),
        }, "serving a stale value"),
        Event::StaleServed(event) => log_line!(debug, left, {
            cache = event.cache,
            overdue_ms = whole_millis(event.overdue),
        }, "serving a stale value while it is refreshed"),
        Event::EntryUnreadable(event) => log_line!(warn, left, {
            cache = event.cache,
            error = event.error,
            count = event.count,
        }, "a cached value cannot be read, and is loaded"),
        Event::ValueNotStored(event) => {
            let (took_ms, lease_ms) = (whole_millis(event.took), whole_millis(event.lease));
            if event.took < event.lease {
                log_line!(debug, left, {
                    cache = event.cache,
                    took_ms,
                    lease_ms,
                }, "value not stored, it was invalidated meanwhile");
            } else {
                log_line!(warn, left, {
                    cache = event.cache,
                    took_ms,
                    lease_ms,
                }, "value not stored, the load took longer than the lease");
            }
        }
        Event::InvalidationPending(event) => log_line!(warn, left, {
            cache = event.cache,
            class = event.class.label(),
            error = event.error,
            address = event.address,
        }, "invalidation pending"),
        Event::InvalidationsSettled(event) => log_line!(info, left, {
            cache = event.cache,
            told = event.told,
            dropped = event.dropped,
        }, "no invalidation is pending any more"),
        Event::TrackingLost(event) => warn!(
            target: TARGET,
            connector = event.connector,
            class = event.class.label(),
            error = event.error,
            address = event.address,
            "near cache off, changes cannot be heard of",
        ),
        Event::TrackingRestored(event) => info!(
            target: TARGET,
            connector = event.connector,
            after_ms = whole_millis(event.after),
            "near cache on again",
        ),
        _ => {}
    }
}
