//! Lines about several databases.

use super::{LeftOut, log_line};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::DatabaseSwitched(event) => log_line!(warn, left, {
            connector = event.connector,
            from = event.from,
            to = event.to,
            reason = event.reason.label(),
            error = event.error,
            stayed_ms = whole_millis(event.stayed),
        }, "database switched"),
        Event::DatabaseUnhealthy(event) => log_line!(warn, left, {
            connector = event.connector,
            database = event.database,
            present = event.present,
            error = event.error,
        }, "database unhealthy"),
        Event::DatabaseHealthy(event) => log_line!(info, left, {
            connector = event.connector,
            database = event.database,
            present = event.present,
            lasted_ms = whole_millis(event.lasted),
        }, "database healthy"),
        _ => {}
    }
}
