//! Lines about journals.

use tracing::{error, info, warn};

use super::{LeftOut, TARGET};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::JournalQueued(event) => warn!(
            target: TARGET,
            journal = event.journal,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "writes wait in the journal",
        ),
        Event::JournalProgress(event) => info!(
            target: TARGET,
            journal = event.journal,
            waiting = event.waiting,
            executed = event.executed,
            eta_ms = event.eta.map(whole_millis),
            left_out = left.count(),
            left_out_ms = left.millis(),
            "executing what waits in the journal",
        ),
        Event::JournalDrained(event) => info!(
            target: TARGET,
            journal = event.journal,
            executed = event.executed,
            expired = event.expired,
            took_ms = whole_millis(event.took),
            left_out = left.count(),
            left_out_ms = left.millis(),
            "nothing waits in the journal any more",
        ),
        Event::WriteDead(event) => error!(
            target: TARGET,
            journal = event.journal,
            id = event.id,
            commands = event.commands,
            error = event.error,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "a write was refused for good, and set aside",
        ),
        Event::JournalDropped(event) => error!(
            target: TARGET,
            journal = event.journal,
            count = event.count,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "the journal is full, the oldest writes are dropped",
        ),
        Event::JournalFailed(event) => error!(
            target: TARGET,
            journal = event.journal,
            error = event.error,
            count = event.count,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "the journal cannot be written",
        ),
        Event::JournalDamaged(event) => {
            let (lost, damaged_bytes) = (event.lost, event.damaged_bytes);
            if lost > 0 {
                error!(target: TARGET, journal = event.journal, lost, damaged_bytes, left_out = left.count(), left_out_ms = left.millis(), "writes of the journal are lost");
            } else {
                warn!(target: TARGET, journal = event.journal, damaged_bytes, left_out = left.count(), left_out_ms = left.millis(), "part of the journal is not readable");
            }
        }
        _ => {}
    }
}
