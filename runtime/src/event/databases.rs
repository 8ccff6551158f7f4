//! What happens where a connector has several databases.

use std::time::Duration;

use super::declare::declare;

/// Why a connector goes to another of its databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SwitchReason {
    /// The one before does not answer, or its circuit is open.
    Unhealthy,
    /// A heavier one has been well for the grace period.
    Failback,
    /// Somebody has said so.
    ByHand,
}

impl SwitchReason {
    /// As it is written in logs, metrics and on pages: `unhealthy`, `failback`, `by_hand`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unhealthy => "unhealthy",
            Self::Failback => "failback",
            Self::ByHand => "by_hand",
        }
    }
}

declare! {
    /// A connector with several databases goes to another one from now on.
    DatabaseSwitched<'a> {
        values {
            /// Why.
            reason: SwitchReason,
            /// How long the one before was the present one.
            stayed: Duration,
        }
        texts {
            /// Whose databases they are.
            connector: &'a str,
            /// The name of the one before. What it has acknowledged last may not be in the other.
            from: &'a str,
            /// The name of the one now.
            to: &'a str,
        }
        maybe {
            /// What was wrong with the one before, where it was left for that.
            error: Option<&'a str>,
        }
    }

    /// A database of several does not answer as it should.
    DatabaseUnhealthy<'a> {
        values {
            /// Whether commands go to it.
            present: bool,
        }
        texts {
            /// Whose it is.
            connector: &'a str,
            /// Its name.
            database: &'a str,
            /// Why.
            error: &'a str,
        }
        maybe {}
    }

    /// A database of several answers again.
    DatabaseHealthy<'a> {
        values {
            /// Whether commands go to it.
            present: bool,
            /// How long it did not.
            lasted: Duration,
        }
        texts {
            /// Whose it is.
            connector: &'a str,
            /// Its name.
            database: &'a str,
        }
        maybe {}
    }
}
