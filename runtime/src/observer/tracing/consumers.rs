//! Lines about consumers of streams.

use super::{LeftOut, log_line};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::ConsumerFailed(event) => log_line!(warn, left, {
            stream = event.stream,
            group = event.group,
            class = event.class.label(),
            error = event.error,
            address = event.address,
        }, "the consumer cannot read, and goes on trying"),
        Event::ConsumerRecovered(event) => log_line!(info, left, {
            stream = event.stream,
            group = event.group,
            after_ms = whole_millis(event.after),
        }, "the consumer reads again"),
        Event::GroupMade(event) if event.again => log_line!(warn, left, {
            stream = event.stream,
            group = event.group,
            at = event.at,
        }, "the consumer group was lost, and is made again"),
        Event::GroupMade(event) => log_line!(info, left, {
            stream = event.stream,
            group = event.group,
            at = event.at,
        }, "consumer group made"),
        Event::EntryFailed(event) => log_line!(warn, left, {
            stream = event.stream,
            group = event.group,
            id = event.id,
            attempt = event.attempt,
            delay_ms = event.delay.map(whole_millis),
            error = event.error,
        }, "the handler of an entry has failed"),
        Event::EntryDeadLettered(event) => log_line!(error, left, {
            stream = event.stream,
            group = event.group,
            id = event.id,
            deliveries = event.deliveries,
            error = event.error,
        }, "entry put among the dead letters"),
        Event::EntriesTakenOver(event) => log_line!(info, left, {
            stream = event.stream,
            group = event.group,
            count = event.count,
        }, "entries of a dead consumer taken over"),
        Event::EntriesTrimmed(event) => log_line!(error, left, {
            stream = event.stream,
            group = event.group,
            count = event.count,
        }, "entries were trimmed before they were handled"),
        _ => {}
    }
}
