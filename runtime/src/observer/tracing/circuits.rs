//! Lines about circuits.

use tracing::{error, warn};

use super::{LeftOut, TARGET, log_line};
use crate::State;
use crate::clock::whole_millis;
use crate::event::{CircuitChanged, Event};

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::CircuitChanged(event) => circuit_changed(event, left),
        Event::StaleOutcome(event) => log_line!(debug, left, {
            breaker = event.breaker,
        }, "outcome of an earlier life of the circuit dropped"),
        Event::ProbeLost(event) => log_line!(warn, left, {
            breaker = event.breaker,
        }, "probe lost, another one replaces it"),
        _ => {}
    }
}

/// Each change is told, however many there are.
fn circuit_changed(event: &CircuitChanged<'_>, left: LeftOut) {
    let breaker = event.breaker;
    let open_ms = whole_millis(event.open_for);
    if event.from == State::Closed && event.to == State::Open {
        super::outage_began(breaker);
    }
    match (event.from, event.to) {
        (State::HalfOpen, State::Open) => warn!(
            target: TARGET,
            breaker,
            open_ms,
            function = event.function,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            "circuit still open",
        ),
        // No caller has seen an error.
        (_, State::Open) if event.answered => warn!(
            target: TARGET,
            breaker,
            open_ms,
            function = event.function,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            "circuit opened",
        ),
        (_, State::Open) => error!(
            target: TARGET,
            breaker,
            open_ms,
            function = event.function,
            class = event.class.map(crate::Class::label),
            error = event.error,
            address = event.address,
            "circuit opened",
        ),
        (_, State::HalfOpen) => warn!(target: TARGET, breaker, "circuit half-open, probing"),
        (_, State::Closed) => log_line!(info, left, {
            breaker,
            lasted_ms = super::outage_ended(breaker),
        }, "circuit closed"),
        (_, State::ForcedOpen) => warn!(target: TARGET, breaker, open_ms, "circuit forced open"),
        (_, State::ForcedClosed) => warn!(target: TARGET, breaker, "circuit forced closed"),
        (_, State::Disabled) => warn!(target: TARGET, breaker, "circuit disabled"),
    }
}
