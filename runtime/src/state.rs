//! The states of a circuit, which events name, and breakers have.

/// Whether a circuit lets calls through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// Probes pass, all other calls are refused.
    HalfOpen,
    /// Calls are refused, by [`force_open`](crate::Breaker::force_open).
    ForcedOpen,
    /// Calls pass, by [`force_closed`](crate::Breaker::force_closed).
    ForcedClosed,
    /// Calls pass, by [`disable`](crate::Breaker::disable).
    Disabled,
}
