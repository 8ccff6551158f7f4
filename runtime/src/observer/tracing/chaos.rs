//! Lines about faults on purpose.

use tracing::{info, warn};

use super::TARGET;
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>) {
    match event {
        Event::ChaosArmed(event) => warn!(
            target: TARGET,
            fault = event.fault,
            by = event.by,
            function = event.function,
            share = event.share,
            lasts_ms = whole_millis(event.lasts),
            "faults are injected on purpose",
        ),
        Event::ChaosEnded(event) => info!(
            target: TARGET,
            injected = event.injected,
            "no fault is injected any more",
        ),
        _ => {}
    }
}
