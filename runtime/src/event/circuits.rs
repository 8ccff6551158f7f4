//! What happens at circuit breakers.

use std::time::Duration;

use super::declare::declare;
use crate::{Class, State};

declare! {
    /// A circuit changed its state. From half-open to open: a probe failed, and the circuit is still open.
    CircuitChanged<'a> {
        values {
            /// The breaker.
            breaker: &'static str,
            /// The state before.
            from: State,
            /// The state now.
            to: State,
            /// How long it will refuse calls; zero if it does not.
            open_for: Duration,
            /// The function whose attempt did it, if one did.
            function: Option<&'static str>,
            /// What that one's failure means.
            class: Option<Class>,
            /// Whether that one's fallback answers, so that its caller sees no error.
            answered: bool,
        }
        texts {}
        maybe {
            /// The text of the error that did it.
            error: Option<&'a str>,
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// A breaker counted a failure, or an attempt that took too long; or would have, under an operator's order or within
    /// [`burst_window`](crate::Breaker::burst_window) of another.
    FailureCounted<'a> {
        values {
            /// The breaker.
            breaker: &'static str,
            /// Whether it took as long as [`slow_call_rate`](crate::Breaker::slow_call_rate) says, whatever came of it.
            slow: bool,
            /// The function whose attempt it was, if that is known.
            function: Option<&'static str>,
            /// What the failure means, if that is known.
            class: Option<Class>,
        }
        texts {}
        maybe {
            /// The error's text, if there is one.
            error: Option<&'a str>,
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// A circuit refused a call.
    CallRefused {
        values {
            /// The breaker.
            breaker: &'static str,
            /// How long it will go on refusing; zero while a probe is under way.
            retry_after: Duration,
            /// Whether the call passes nevertheless, because the breaker is to [`observe_only`](crate::Breaker::observe_only).
            passes: bool,
        }
        texts {}
        maybe {}
    }

    /// An attempt ended that had been let in before the circuit last changed its state: it counts for nothing.
    StaleOutcome {
        values {
            /// The breaker.
            breaker: &'static str,
        }
        texts {}
        maybe {}
    }

    /// A probe was not heard of within [`probe_lease`](crate::Breaker::probe_lease), and another was let through in its place.
    ProbeLost {
        values {
            /// The breaker.
            breaker: &'static str,
        }
        texts {}
        maybe {}
    }
}
