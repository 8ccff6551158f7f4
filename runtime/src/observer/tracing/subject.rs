//! Which lines say the same of the same.

use crate::event::Severity;
use crate::event::{Event, Next, severity_of_failure};

/// What a line is about. Those that are not here are written each time: they are rare, or tell how often they are told themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Line {
    // Of a function.
    Retry,
    WrongCredentials,
    OtherGoesOn,
    NoRetry,
    BudgetExhausted,
    RequestBudgetExhausted,
    Hedged,
    FallbackUsed,
    FallbackSaturated,
    AttemptNotMade,
    // Of a bulkhead.
    BulkheadFull,
    // Of a breaker.
    StaleOutcome,
    ProbeLost,
    // Of a connector.
    Connected,
    ConnectedAgain,
    CannotConnect,
    ConnectionLost,
    CredentialsRenewed,
    CredentialsFailed,
    HealthCheckFailed,
    SubscriptionGap,
    DatabaseUnhealthy,
    DatabaseHealthy,
    // Of a cache.
    StaleServed,
    EntryUnreadable,
    ValueNotStored,
    // Of a journal.
    JournalQueued,
    JournalDrained,
    WriteDead,
    // Of a stream.
    ConsumerFailed,
    EntryFailed,
    EntryDeadLettered,
}

impl Line {
    pub(super) const COUNT: usize = Self::EntryDeadLettered as usize + 1;

    /// Whether it is news again when its connector has connected, or its stream is read.
    pub(super) const fn ends_with_recovery(self) -> bool {
        matches!(
            self,
            Self::CannotConnect
                | Self::ConnectionLost
                | Self::HealthCheckFailed
                | Self::ConsumerFailed
        )
    }
}

/// What a series of lines is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'e> {
    pub(super) line: Line,
    /// The function, connector, cache …
    pub(super) name: &'e str,
    /// The breaker whose circuit tells when it is over.
    pub(super) breaker: Option<&'static str>,
}

impl<'e> Subject<'e> {
    /// `None`: each is written.
    pub(super) fn of(event: &Event<'e>) -> Option<Self> {
        let (line, name, breaker) = match event {
            Event::AttemptFailed(event) => {
                let line = match event.next {
                    Next::Retry { .. } => Line::Retry,
                    Next::Hedge => Line::OtherGoesOn,
                    next if severity_of_failure(event.class, next) == Severity::Error => {
                        Line::WrongCredentials
                    }
                    Next::Fallback | Next::Return => Line::NoRetry,
                };
                (line, event.function, event.breaker)
            }
            Event::RetryBudgetExhausted(event) => {
                (Line::BudgetExhausted, event.function, Some(event.breaker))
            }
            Event::RequestBudgetExhausted(event) => {
                (Line::RequestBudgetExhausted, event.function, event.breaker)
            }
            Event::Hedged(event) => (Line::Hedged, event.function, event.breaker),
            Event::FallbackUsed(event) => (Line::FallbackUsed, event.function, event.breaker),
            Event::FallbackSaturated(event) => {
                (Line::FallbackSaturated, event.function, event.breaker)
            }
            Event::BulkheadFull(event) => match event.function {
                Some(function) => (Line::AttemptNotMade, function, event.breaker),
                None => (Line::BulkheadFull, event.bulkhead, event.breaker),
            },
            Event::StaleOutcome(event) => (Line::StaleOutcome, event.breaker, Some(event.breaker)),
            Event::ProbeLost(event) => (Line::ProbeLost, event.breaker, Some(event.breaker)),
            Event::Connected(event) if event.again => (Line::ConnectedAgain, event.connector, None),
            Event::Connected(event) => (Line::Connected, event.connector, None),
            Event::ConnectFailed(event) => (Line::CannotConnect, event.connector, None),
            Event::ConnectionLost(event) => (Line::ConnectionLost, event.connector, None),
            Event::DatabaseUnhealthy(event) => (Line::DatabaseUnhealthy, event.connector, None),
            Event::DatabaseHealthy(event) => (Line::DatabaseHealthy, event.connector, None),
            Event::CredentialsRenewed(event) => (Line::CredentialsRenewed, event.connector, None),
            Event::CredentialsFailed(event) => (Line::CredentialsFailed, event.connector, None),
            Event::HealthCheckFailed(event) => (Line::HealthCheckFailed, event.connector, None),
            Event::SubscriptionGap(event) => (Line::SubscriptionGap, event.connector, None),
            Event::StaleServed(event) => (Line::StaleServed, event.cache, None),
            Event::EntryUnreadable(event) => (Line::EntryUnreadable, event.cache, None),
            Event::ValueNotStored(event) => (Line::ValueNotStored, event.cache, None),
            Event::JournalQueued(event) => (Line::JournalQueued, event.journal, None),
            Event::JournalDrained(event) => (Line::JournalDrained, event.journal, None),
            Event::WriteDead(event) => (Line::WriteDead, event.journal, None),
            Event::ConsumerFailed(event) => (Line::ConsumerFailed, event.stream, None),
            Event::EntryFailed(event) => (Line::EntryFailed, event.stream, None),
            Event::EntryDeadLettered(event) => (Line::EntryDeadLettered, event.stream, None),
            _ => return None,
        };
        Some(Self {
            line,
            name,
            breaker,
        })
    }
}
