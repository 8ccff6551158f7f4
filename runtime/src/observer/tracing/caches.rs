//! Lines about caches.

use tracing::{debug, info, warn};

use super::{LeftOut, TARGET};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::StaleServed(event) => debug!(
            target: TARGET,
            cache = event.cache,
            overdue_ms = whole_millis(event.overdue),
            left_out = left.count(),
            left_out_ms = left.millis(),
            "serving a stale value",
        ),
        Event::EntryUnreadable(event) => warn!(
            target: TARGET,
            cache = event.cache,
            error = event.error,
            count = event.count,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "a cached value cannot be read, and is loaded",
        ),
        Event::ValueNotStored(event) => {
            let (took_ms, lease_ms) = (whole_millis(event.took), whole_millis(event.lease));
            if event.took < event.lease {
                debug!(target: TARGET, cache = event.cache, took_ms, lease_ms, left_out = left.count(), left_out_ms = left.millis(), "value not stored, it was invalidated meanwhile");
            } else {
                warn!(target: TARGET, cache = event.cache, took_ms, lease_ms, left_out = left.count(), left_out_ms = left.millis(), "value not stored, the load took longer than the lease");
            }
        }
        Event::InvalidationPending(event) => warn!(
            target: TARGET,
            cache = event.cache,
            class = event.class.label(),
            error = event.error,
            address = event.address,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "invalidation pending",
        ),
        Event::InvalidationsSettled(event) => info!(
            target: TARGET,
            cache = event.cache,
            told = event.told,
            dropped = event.dropped,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "no invalidation is pending any more",
        ),
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
