//! Lines about consumers of streams.

use tracing::{error, info, warn};

use super::{LeftOut, TARGET};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::ConsumerFailed(event) => warn!(
            target: TARGET,
            stream = event.stream,
            group = event.group,
            class = event.class.label(),
            error = event.error,
            address = event.address,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "the consumer cannot read, and goes on trying",
        ),
        Event::ConsumerRecovered(event) => info!(
            target: TARGET,
            stream = event.stream,
            group = event.group,
            after_ms = whole_millis(event.after),
            left_out = left.count(),
            left_out_ms = left.millis(),
            "the consumer reads again",
        ),
        Event::GroupMade(event) if event.again => warn!(
            target: TARGET,
            stream = event.stream,
            group = event.group,
            at = event.at,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "the consumer group was lost, and is made again",
        ),
        Event::GroupMade(event) => info!(
            target: TARGET,
            stream = event.stream,
            group = event.group,
            at = event.at,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "consumer group made",
        ),
        Event::EntryFailed(event) => warn!(
            target: TARGET,
            stream = event.stream,
            group = event.group,
            id = event.id,
            attempt = event.attempt,
            delay_ms = event.delay.map(whole_millis),
            error = event.error,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "the handler of an entry has failed",
        ),
        Event::EntryDeadLettered(event) => error!(
            target: TARGET,
            stream = event.stream,
            group = event.group,
            id = event.id,
            deliveries = event.deliveries,
            error = event.error,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "entry put among the dead letters",
        ),
        Event::EntriesTakenOver(event) => info!(
            target: TARGET,
            stream = event.stream,
            group = event.group,
            count = event.count,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "entries of a dead consumer taken over",
        ),
        Event::EntriesTrimmed(event) => error!(
            target: TARGET,
            stream = event.stream,
            group = event.group,
            count = event.count,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "entries were trimmed before they were handled",
        ),
        _ => {}
    }
}
