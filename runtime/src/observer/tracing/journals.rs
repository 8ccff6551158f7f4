//! Lines about journals.

use super::{LeftOut, log_line};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::JournalQueued(event) => log_line!(warn, left, {
            journal = event.journal,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
        }, "writes wait in the journal"),
        Event::JournalProgress(event) => log_line!(info, left, {
            journal = event.journal,
            waiting = event.waiting,
            executed = event.executed,
            eta_ms = event.eta.map(whole_millis),
        }, "executing what waits in the journal"),
        Event::JournalDrained(event) => log_line!(info, left, {
            journal = event.journal,
            executed = event.executed,
            expired = event.expired,
            took_ms = whole_millis(event.took),
        }, "nothing waits in the journal any more"),
        Event::WriteDead(event) => log_line!(error, left, {
            journal = event.journal,
            id = event.id,
            commands = event.commands,
            error = event.error,
        }, "a write was refused for good, and set aside"),
        Event::JournalDropped(event) => log_line!(error, left, {
            journal = event.journal,
            count = event.count,
        }, "the journal is full, the oldest writes are dropped"),
        Event::JournalFailed(event) => log_line!(error, left, {
            journal = event.journal,
            error = event.error,
            count = event.count,
        }, "the journal cannot be written"),
        Event::JournalDamaged(event) => {
            let (lost, damaged_bytes) = (event.lost, event.damaged_bytes);
            if lost > 0 {
                log_line!(error, left, {
                    journal = event.journal,
                    lost,
                    damaged_bytes,
                }, "writes of the journal are lost");
            } else {
                log_line!(warn, left, {
                    journal = event.journal,
                    damaged_bytes,
                }, "part of the journal is not readable");
            }
        }
        _ => {}
    }
}
