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
                // No caller has seen an error.
                (_, State::Open) if event.answered => Severity::Warn,
                (_, State::Open) => Severity::Error,
                (_, State::Closed) => Severity::Info,
                _ => Severity::Warn,
            },
            Self::CredentialsFailed(_)
            | Self::WriteDead(_)
            | Self::EntryDeadLettered(_)
            | Self::EntriesTrimmed(_)
            | Self::JournalDropped(_)
            | Self::SettingsRefused(_)
            | Self::JournalFailed(_) => Severity::Error,
            Self::JournalDamaged(event) if event.lost > 0 => Severity::Error,
            Self::Connected(event) if event.again => Severity::Info,
            Self::GroupMade(event) if event.again => Severity::Warn,
            Self::GroupMade(_)
            | Self::DatabaseHealthy(_)
            | Self::ConsumerRecovered(_)
            | Self::EntriesTakenOver(_)
            | Self::InvalidationsSettled(_)
            | Self::TrackingRestored(_)
            | Self::JournalProgress(_)
            | Self::SettingsApplied(_)
            | Self::JournalDrained(_)
            | Self::ChaosEnded(_) => Severity::Info,
            Self::ValueNotStored(event) if event.took.as_nanos() >= event.lease.as_nanos() => {
                Severity::Warn
            }
            // As a fallback: it says what is served meanwhile.
            Self::StaleServed(event) if event.in_need => Severity::Warn,
            // The application's own bulkhead is its own affair.
            Self::BulkheadFull(event) if event.function.is_none() => Severity::Debug,
            Self::RetryBudgetExhausted(_)
            | Self::RequestBudgetExhausted(_)
            | Self::BulkheadFull(_)
            | Self::LostSource(_)
            | Self::FallbackSaturated(_)
            | Self::FallbackUsed(_)
            | Self::ChaosArmed(_)
            | Self::SettingUnused(_)
            | Self::ProbeLost(_)
            | Self::ConnectFailed(_)
            | Self::ConnectionLost(_)
            | Self::PrimaryMoved(_)
            | Self::DatabaseSwitched(_)
            | Self::DatabaseUnhealthy(_)
            | Self::HealthCheckFailed(_)
            | Self::SubscriptionGap(_)
            | Self::EntryUnreadable(_)
            | Self::JournalQueued(_)
            | Self::JournalDamaged(_)
            | Self::ConsumerFailed(_)
            | Self::EntryFailed(_)
            | Self::TrackingLost(_)
            | Self::OrderGiven(_)
            | Self::InvalidationPending(_) => Severity::Warn,
            Self::Connected(_)
            | Self::CredentialsRenewed(_)
            | Self::Hedged(_)
            | Self::FailureCounted(_)
            | Self::CallRefused(_)
            | Self::StaleServed(_)
            | Self::ValueNotStored(_)
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
        Next::Hedge | Next::Fallback | Next::Return => Severity::Debug,
    }
}
