//! Lines about what people order.

use tracing::warn;

use super::TARGET;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>) {
    if let Event::OrderGiven(event) = event {
        warn!(
            target: TARGET,
            order = event.order,
            about = event.target,
            operator = event.operator,
            error = event.error,
            "an operator has given an order",
        );
    }
}
