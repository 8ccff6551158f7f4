//! What is shown apart: a row of the table, a bar of the live view.

use std::time::Duration;

use redis_resilient::{Breaker, State};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) circuit: Option<Circuit>,
}

/// The circuit of the calls in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circuit(pub(crate) &'static Breaker);

impl Circuit {
    pub(crate) fn state(self) -> State {
        self.0.state()
    }

    pub(crate) fn name(self) -> &'static str {
        match self.state() {
            State::Closed => "closed",
            State::HalfOpen => "half-open",
            _ => "open",
        }
    }

    /// Until Redis is asked again.
    pub(crate) fn retry_after(self) -> Duration {
        self.0.retry_after()
    }

    /// Whether it has been closed since the program began.
    pub(crate) fn was_always_closed(self) -> bool {
        self.0.snapshot().in_state_for.is_none()
    }
}
