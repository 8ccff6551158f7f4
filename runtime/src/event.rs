//! What happens, as an [`Observer`](crate::Observer) is told it: attempts that fail, fallbacks that answer, circuits that open, connections that
//! are lost. Calls that succeed at once tell nothing, and cost nothing.
//!
//! ```
//! use redis_resilient::{Event, observe};
//!
//! observe(|event: &Event<'_>| {
//!     if let Event::AttemptFailed(failed) = event {
//!         eprintln!("{}: {}", failed.function, failed.error.unwrap_or("no text"));
//!     }
//! });
//! ```
//!
//! # tracing
//!
//! With the feature `tracing` what is of interest to the people on call is printed too, with the target `redis_resilient` and the event's
//! [severity](Event::severity) as its level. `docs/events.md` of the repository has a table of all messages, with their fields, what they mean,
//! and what to do.
//!
//! At `ERROR` are a circuit that opens while no fallback answers, and a fallback that answers where Redis refuses the application's credentials:
//! nobody else would notice. At `WARN` are retries, fallbacks, stale values in need and all else that fails and is dealt with, at `INFO` what is well again, and at
//! `DEBUG` each failure that the caller gets. What comes often is written rarely, and says how often it came: see `logging`.
//!
//! # What is in a text
//!
//! The `error` of an event says what went wrong: what the error displays, and what its sources add to that. It is one line of at most 300
//! characters. Taken out are passwords and users of URLs, arguments and names that a server repeats, and replies that redis-rs could not
//! read; what the application's own error types say of its data is theirs. It is made only if an observer is there, or a subscriber of
//! `tracing` takes it.

mod attempts;
mod caches;
mod chaos;
mod circuits;
mod connections;
mod consumers;
mod databases;
mod declare;
mod journals;
mod orders;
mod settings;
mod severity;

use std::time::Duration;

pub use attempts::{
    AttemptFailed, BulkheadFull, FallbackSaturated, FallbackUsed, Hedged, LostSource,
    RequestBudgetExhausted, RetryBudgetExhausted,
};
pub use caches::{
    EntryUnreadable, InvalidationPending, InvalidationsSettled, StaleServed, TrackingLost,
    TrackingRestored, ValueNotStored,
};
pub use chaos::{ChaosArmed, ChaosEnded};
pub use circuits::{CallRefused, CircuitChanged, FailureCounted, ProbeLost, StaleOutcome};
pub use connections::{
    ConnectFailed, Connected, ConnectionLost, CredentialsFailed, CredentialsRenewed,
    HealthCheckFailed, PrimaryMoved, SubscriptionGap,
};
pub use consumers::{
    ConsumerFailed, ConsumerRecovered, EntriesTakenOver, EntriesTrimmed, EntryDeadLettered,
    EntryFailed, GroupMade,
};
pub use databases::{DatabaseHealthy, DatabaseSwitched, DatabaseUnhealthy, SwitchReason};
pub use journals::{
    JournalDamaged, JournalDrained, JournalDropped, JournalFailed, JournalProgress, JournalQueued,
    WriteDead,
};
pub use orders::OrderGiven;
pub use settings::{SettingUnused, SettingsApplied, SettingsRefused};
pub use severity::Severity;
pub(crate) use severity::severity_of_failure;

use declare::all;

/// What follows from an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Another attempt.
    #[non_exhaustive]
    Retry {
        /// The pause before it.
        delay: Duration,
    },
    /// The other one of two attempts beside each other goes on ([`hedge`](crate::Policy::hedge)).
    Hedge,
    /// The fallback is to answer.
    Fallback,
    /// The caller gets the error.
    Return,
}

/// Which of two attempts beside each other was the first with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HedgeWinner {
    /// The one that began first.
    First,
    /// The hedge.
    Hedge,
    /// None: both failed, or were cut off.
    Neither,
}

all! {
    /// Something that happened, to be told to an [`Observer`](crate::Observer). Of calls that succeed at once nothing is told: they cost
    /// nothing.
    ///
    /// There will be more kinds, and more fields: match with `_` and `..`.
    ///
    /// Texts of errors are one line of limited length. What servers and clients repeat of arguments, replies and passwords is taken out.
    /// `connector` is where Redis is, as in the name of a connector's default breaker, and the client's name if it has one; without a secret.
    /// `address` is that of the server, as host and port or the path of a socket, where it is known which one it is: connections of the feature
    /// `connection` know it, those of redis-rs do not say it.
    enum Event<'a> / KeptEvent;

    /// An attempt of an annotated function failed.
    AttemptFailed<'a>,
    /// A second attempt was started beside one that took long ([`hedge`](crate::Policy::hedge)), and now it is known what came of both.
    Hedged,
    /// There is no retry after an attempt that failed, because the [retry budget](crate::Breaker::retry_budget) has no token left.
    RetryBudgetExhausted<'a>,
    /// A call ends because the time that its request was given is used up.
    RequestBudgetExhausted,
    /// An error came without a Redis error among its sources, though it looks like a failure of Redis.
    LostSource<'a>,
    /// The fallback answers.
    FallbackUsed<'a>,
    /// There was no room in the fallback.
    FallbackSaturated<'a>,
    /// There was no room in a bulkhead that stands elsewhere than before a fallback.
    BulkheadFull,
    /// A circuit changed its state.
    CircuitChanged<'a>,
    /// A breaker counted a failure, or an attempt that took too long.
    FailureCounted<'a>,
    /// A circuit refused a call.
    CallRefused,
    /// An attempt ended that had been let in before the circuit last changed its state.
    StaleOutcome,
    /// A probe was not heard of within [`probe_lease`](crate::Breaker::probe_lease), and another was let through in its place.
    ProbeLost,
    /// A connection was made.
    Connected<'a>,
    /// A connection could not be made.
    ConnectFailed<'a>,
    /// A connection that was there is gone.
    ConnectionLost<'a>,
    /// Another server is the primary now.
    PrimaryMoved<'a>,
    /// A connector with several databases goes to another one.
    DatabaseSwitched<'a>,
    /// A database of several does not answer as it should.
    DatabaseUnhealthy<'a>,
    /// A database of several answers again.
    DatabaseHealthy<'a>,
    /// A connection goes on with new credentials.
    CredentialsRenewed<'a>,
    /// New credentials could not be had, or the server refuses them.
    CredentialsFailed<'a>,
    /// A connection that was looked at before it was used is of no use, and is replaced.
    HealthCheckFailed<'a>,
    /// A subscription may have missed messages, or has.
    SubscriptionGap<'a>,
    /// A cache served a value whose time is over, or a function with `stale` its last good value.
    StaleServed,
    /// What is under a key of a cache in Redis cannot be read as a value of its type.
    EntryUnreadable<'a>,
    /// A cache did not store what was loaded.
    ValueNotStored,
    /// A cache could not tell Redis of an invalidation, and goes on trying.
    InvalidationPending<'a>,
    /// Nothing is pending any more of what a cache could not tell Redis.
    InvalidationsSettled,
    /// A near cache is not told of changes, and serves nothing meanwhile.
    TrackingLost<'a>,
    /// A near cache is told of changes again.
    TrackingRestored<'a>,
    /// A write was not sent and waits in a journal, which was empty before.
    JournalQueued<'a>,
    /// How far a journal is whose writes are being executed.
    JournalProgress,
    /// All that waited in a journal is done with.
    JournalDrained,
    /// Redis has refused a write of a journal for good.
    WriteDead<'a>,
    /// A journal was full, and the writes that had waited longest were dropped, as it was told to.
    JournalDropped,
    /// What a journal is kept in failed.
    JournalFailed<'a>,
    /// A journal was opened, and not all of its files can be read.
    JournalDamaged,
    /// A consumer of a stream cannot read, and goes on trying.
    ConsumerFailed<'a>,
    /// A consumer of a stream that could not read does so again.
    ConsumerRecovered<'a>,
    /// A consumer has made its group, which was not there.
    GroupMade<'a>,
    /// A consumer's handler failed.
    EntryFailed<'a>,
    /// A consumer has put an entry among the dead letters.
    EntryDeadLettered<'a>,
    /// A consumer has taken over entries of one that gives no sign of life.
    EntriesTakenOver<'a>,
    /// Entries were trimmed or deleted from a stream before a consumer could handle them.
    EntriesTrimmed<'a>,
    /// Faults are injected from now on, on purpose.
    ChaosArmed<'a>,
    /// No fault is injected any more.
    ChaosEnded,
    /// An operator has given an order.
    OrderGiven<'a>,
    /// Settings of a file and the environment were put in force, which are others than before.
    SettingsApplied<'a>,
    /// The file of settings has a mistake, or is not there.
    SettingsRefused<'a>,
    /// Something that is said in settings has no effect.
    SettingUnused<'a>,
}
