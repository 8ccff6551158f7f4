//! How much an event concerns the people on call.

use super::{Event, Next};
use crate::{Class, State};

/// How much an event concerns the people on call. For [`tracing`](super#tracing) it is the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// For those who look into something.
    Debug,
    /// Something is well again, or has been done.
    Info,
    /// Something fails, and is dealt with.
    Warn,
    /// Somebody should look.
    Error,
}

impl Event<'_> {
    /// How much it concerns the people on call.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::AttemptFailed(event) => severity_of_failure(event.class, event.next),
            Self::CircuitChanged(event) => match (event.from, event.to) {
                (State::HalfOpen, State::Open) => Severity::Warn,
                (_, State::Open) => Severity::Error,
                (_, State::Closed) => Severity::Info,
                _ => Severity::Warn,
            },
            Self::CredentialsFailed(_) => Severity::Error,
            Self::Connected(event) if event.again => Severity::Info,
            // The application's own bulkhead is its own affair.
            Self::BulkheadFull(event) if event.function.is_none() => Severity::Debug,
            Self::RetryBudgetExhausted(_)
            | Self::BulkheadFull(_)
            | Self::LostSource(_)
            | Self::FallbackSaturated(_)
            | Self::ProbeLost(_)
            | Self::ConnectFailed(_)
            | Self::ConnectionLost(_)
            | Self::PrimaryMoved(_)
            | Self::HealthCheckFailed(_)
            | Self::SubscriptionGap(_) => Severity::Warn,
            Self::Connected(_)
            | Self::CredentialsRenewed(_)
            | Self::FallbackUsed(_)
            | Self::FailureCounted(_)
            | Self::CallRefused(_)
            | Self::StaleOutcome(_) => Severity::Debug,
        }
    }
}

/// Of an attempt that failed.
pub(crate) const fn severity_of_failure(class: Class, next: Next) -> Severity {
    match next {
        // A fallback that answers hides that nothing works.
        Next::Fallback if matches!(class, Class::Misconfigured) => Severity::Error,
        Next::Retry { .. } => Severity::Warn,
        Next::Fallback | Next::Return => Severity::Debug,
    }
}
