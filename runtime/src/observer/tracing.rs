//! The observer that is always there: what the people on call see in their logs. docs/events.md has the table of it.
//!
//! Numbers are numbers, with their unit in the name. What is not known is left out.
//!
//! What comes with every call or connection of an outage is written a few times, and then ever more rarely: [`series`] says when, [`limits`] keeps
//! count of each subject, and [`subject`] says what belongs together. Only the log is limited: other observers are told every event.

mod attempts;
mod caches;
mod chaos;
mod circuits;
mod connections;
mod consumers;
mod databases;
mod journals;
mod limits;
mod orders;
mod series;
mod settings;
mod subject;

use tracing::Level;

use self::limits::Limits;
use self::series::LeftOut;
pub(crate) use self::subject::Line;
use self::subject::Subject;
use super::Severity;
use crate::clock::now_ms;
use crate::event::Event;
use crate::logging::TARGET;
use crate::{State, logging};

/// A line with these fields, and then how many of its like were left out before it. Not `line`: the macros of older versions of tracing call that.
macro_rules! log_line {
    ($level:ident, $left:expr, { $($fields:tt)* }, $text:literal) => {
        tracing::$level!(
            target: $crate::logging::TARGET,
            $($fields)*
            left_out = $left.count(),
            left_out_ms = $left.millis(),
            $text,
        )
    };
}
use log_line;

static LIMITS: Limits = Limits::new();

/// Whether anybody takes what is printed at this level.
#[inline]
pub(super) fn wants(severity: Severity) -> bool {
    match severity {
        Severity::Error => tracing::event_enabled!(target: TARGET, Level::ERROR),
        Severity::Warn => tracing::event_enabled!(target: TARGET, Level::WARN),
        Severity::Info => tracing::event_enabled!(target: TARGET, Level::INFO),
        Severity::Debug => tracing::event_enabled!(target: TARGET, Level::DEBUG),
    }
}

/// Whether a line about this would be left out now; then it is counted as left out, and nothing has to be made of it.
pub(super) fn leaves_out(line: Line, subject: &str) -> bool {
    logging::is_limited() && LIMITS.leaves_out(line, subject, now_ms())
}

/// Prints it, if it is one for people: each call that is refused, and each failure that a breaker counts, is not.
pub(super) fn print(event: &Event<'_>) {
    if matches!(event, Event::FailureCounted(_) | Event::CallRefused(_)) || !wants(event.severity())
    {
        return;
    }
    if let Some(left) = admitted(event) {
        write(event, left);
    }
}

/// What was left out before it, if it is to be written.
fn admitted(event: &Event<'_>) -> Option<LeftOut> {
    if !logging::is_limited() {
        return Some(LeftOut::default());
    }
    match event {
        Event::CircuitChanged(change) if change.to == State::Closed => {
            Some(LIMITS.circuit_closed(change.breaker, now_ms()))
        }
        Event::ConsumerRecovered(event) => Some(LIMITS.recovered(event.stream, now_ms())),
        _ => {
            let Some(subject) = Subject::of(event) else {
                return Some(LeftOut::default());
            };
            let left = LIMITS.admits(&subject, now_ms())?;
            // What comes next is news again.
            Some(match event {
                Event::Connected(connected) if connected.again => {
                    left.and(LIMITS.recovered(connected.connector, now_ms()))
                }
                _ => left,
            })
        }
    }
}

/// The circuit has opened that was not open before.
fn outage_began(breaker: &'static str) {
    LIMITS.outage_began(breaker, now_ms());
}

/// How long that has lasted, if it was seen to begin.
fn outage_ended(breaker: &str) -> Option<u64> {
    LIMITS.outage_ended(breaker, now_ms())
}

fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::AttemptFailed(_)
        | Event::RetryBudgetExhausted(_)
        | Event::RequestBudgetExhausted(_)
        | Event::LostSource(_)
        | Event::Hedged(_)
        | Event::FallbackUsed(_)
        | Event::FallbackSaturated(_)
        | Event::BulkheadFull(_) => attempts::write(event, left),
        Event::CircuitChanged(_)
        | Event::StaleOutcome(_)
        | Event::ProbeLost(_)
        | Event::FailureCounted(_)
        | Event::CallRefused(_) => circuits::write(event, left),
        Event::Connected(_)
        | Event::ConnectFailed(_)
        | Event::ConnectionLost(_)
        | Event::PrimaryMoved(_)
        | Event::CredentialsRenewed(_)
        | Event::CredentialsFailed(_)
        | Event::HealthCheckFailed(_)
        | Event::SubscriptionGap(_) => connections::write(event, left),
        Event::DatabaseSwitched(_) | Event::DatabaseUnhealthy(_) | Event::DatabaseHealthy(_) => {
            databases::write(event, left);
        }
        Event::StaleServed(_)
        | Event::EntryUnreadable(_)
        | Event::ValueNotStored(_)
        | Event::InvalidationPending(_)
        | Event::InvalidationsSettled(_)
        | Event::TrackingLost(_)
        | Event::TrackingRestored(_) => caches::write(event, left),
        Event::JournalQueued(_)
        | Event::JournalProgress(_)
        | Event::JournalDrained(_)
        | Event::WriteDead(_)
        | Event::JournalDropped(_)
        | Event::JournalFailed(_)
        | Event::JournalDamaged(_) => journals::write(event, left),
        Event::ConsumerFailed(_)
        | Event::ConsumerRecovered(_)
        | Event::GroupMade(_)
        | Event::EntryFailed(_)
        | Event::EntryDeadLettered(_)
        | Event::EntriesTakenOver(_)
        | Event::EntriesTrimmed(_) => consumers::write(event, left),
        Event::ChaosArmed(_) | Event::ChaosEnded(_) => chaos::write(event),
        Event::OrderGiven(_) => orders::write(event),
        Event::SettingsApplied(_) | Event::SettingsRefused(_) | Event::SettingUnused(_) => {
            settings::write(event);
        }
    }
}
