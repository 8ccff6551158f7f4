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
//! At `ERROR` are a circuit that opens, and a fallback that answers where Redis refuses the application's credentials: nobody else would
//! notice. At `WARN` are retries and all else that fails and is dealt with, at `INFO` what is well again, and at `DEBUG` each failure that the
//! caller gets, and each call that the fallback answers.
//!
//! # What is in a text
//!
//! The `error` of an event says what went wrong: what the error displays, and what its sources add to that. It is one line of at most 300
//! characters. Taken out are passwords and users of URLs, arguments and names that a server repeats, and replies that redis-rs could not
//! read; what the application's own error types say of its data is theirs. It is made only if an observer is there, or a subscriber of
//! `tracing` takes it.

mod declare;
mod severity;

use std::time::Duration;

use declare::declare;
pub use severity::Severity;
pub(crate) use severity::severity_of_failure;

use crate::{Class, State};

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
    /// The fallback is to answer.
    Fallback,
    /// The caller gets the error.
    Return,
}

declare! {
    /// Something that happened, to be told to an [`Observer`](crate::Observer). Of calls that succeed at once nothing is told: they cost
    /// nothing.
    ///
    /// There will be more kinds, and more fields: match with `_` and `..`.
    ///
    /// Texts of errors are one line of limited length. What servers and clients repeat of arguments, replies and passwords is taken out.
    /// `connector` is where Redis is, as in the name of a connector's default breaker, and the client's name if it has one; without a secret.
    /// `address` is that of the server, as host and port or the path of a socket, where it is known which one it is: an error that is the server's
    /// own reply does not tell it.
    enum Event<'a> / KeptEvent;

    /// An attempt of an annotated function failed. One such event is told for each that failed.
    AttemptFailed<'a> {
        values {
            /// The function's name.
            function: &'static str,
            /// The attempt's number in its call, from 1.
            attempt: u32,
            /// What the failure means.
            class: Class,
            /// Why the server or redis-rs refuses this application, where it does: `NOAUTH`, `WRONGPASS`, `NOPERM`, `DENIED`,
            /// `AuthenticationFailed`, `InvalidClientConfig`.
            code: Option<&'static str>,
            /// The breaker that the function is on.
            breaker: Option<&'static str>,
            /// What comes next.
            next: Next,
        }
        texts {}
        maybe {
            /// The error's text; `None` for a type that is no [`std::error::Error`].
            error: Option<&'a str>,
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// There is no retry after an attempt that failed, because the [retry budget](crate::Breaker::retry_budget) has no token left. What comes
    /// instead is told with [`AttemptFailed`](Event::AttemptFailed).
    RetryBudgetExhausted<'a> {
        values {
            /// The function's name.
            function: &'static str,
            /// The attempt's number in its call, from 1.
            attempt: u32,
            /// What the failure means.
            class: Class,
            /// The breaker whose budget it is.
            breaker: &'static str,
        }
        texts {}
        maybe {
            /// The error's text.
            error: Option<&'a str>,
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// An error came without a Redis error among its sources, though it looks like a failure of Redis. Told once for each function: its code
    /// is to be changed.
    LostSource<'a> {
        values {
            /// The function's name.
            function: &'static str,
            /// The attempt's number in its call, from 1.
            attempt: u32,
            /// The breaker that the function is on.
            breaker: Option<&'static str>,
        }
        texts {}
        maybe {
            /// The error's text.
            error: Option<&'a str>,
        }
    }

    /// The fallback answers.
    FallbackUsed<'a> {
        values {
            /// The function's name.
            function: &'static str,
            /// The class of the failure that it answers for, where it is known. [`Rejected`](Class::Rejected): the circuit is open.
            class: Option<Class>,
            /// The breaker that the function is on.
            breaker: Option<&'static str>,
        }
        texts {}
        maybe {
            /// The text of the error that it answers for.
            error: Option<&'a str>,
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// There was no room in the fallback: the caller gets an error, or the plain value at the end of the fallbacks.
    FallbackSaturated<'a> {
        values {
            /// The function's name.
            function: &'static str,
            /// The bulkhead that is full.
            bulkhead: &'static str,
            /// How many calls may be inside at once.
            limit: u32,
            /// The class of the failure that the fallback was to answer for, where it is known.
            class: Option<Class>,
            /// The breaker that the function is on.
            breaker: Option<&'static str>,
        }
        texts {}
        maybe {
            /// The text of the error that the fallback was to answer for.
            error: Option<&'a str>,
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// There was no room in a bulkhead that stands elsewhere than before a fallback.
    BulkheadFull {
        values {
            /// The bulkhead.
            bulkhead: &'static str,
            /// How many may be inside at once.
            limit: u32,
            /// The function whose [`limit`](crate::Policy::limit) it is, if it is one's.
            function: Option<&'static str>,
            /// The breaker that the function is on.
            breaker: Option<&'static str>,
        }
        texts {}
        maybe {}
    }

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

    /// A connection was made.
    Connected<'a> {
        values {
            /// How long that took, with finding out where to.
            took: Duration,
            /// Whether one was lost, or could not be made, since the last one was made.
            again: bool,
        }
        texts {
            /// Whose connection it is.
            connector: &'a str,
            /// The server's address.
            address: &'a str,
        }
        maybe {}
    }

    /// A connection could not be made.
    ConnectFailed<'a> {
        values {
            /// What the failure means.
            class: Class,
            /// When it is tried again: that long after this at the earliest. `None`: when it is next asked for.
            retry_after: Option<Duration>,
        }
        texts {
            /// Whose connection it would be.
            connector: &'a str,
            /// Why.
            error: &'a str,
        }
        maybe {
            /// The server's address, where it is known which one it would be.
            address: Option<&'a str>,
        }
    }

    /// A connection that was there is gone.
    ConnectionLost<'a> {
        values {
            /// What the failure means.
            class: Class,
        }
        texts {
            /// Whose connection it was.
            connector: &'a str,
            /// The server's address.
            address: &'a str,
            /// Why.
            error: &'a str,
        }
        maybe {}
    }

    /// Another server is the primary now.
    PrimaryMoved<'a> {
        values {}
        texts {
            /// Who has found out.
            connector: &'a str,
            /// The address of the one before.
            from: &'a str,
            /// The address of the one now.
            to: &'a str,
        }
        maybe {}
    }

    /// A connection goes on with new credentials.
    CredentialsRenewed<'a> {
        values {
            /// When they are renewed again; `None` if never.
            next_in: Option<Duration>,
        }
        texts {
            /// Whose they are.
            connector: &'a str,
        }
        maybe {
            /// The address of the server that has accepted them, where it is one.
            address: Option<&'a str>,
        }
    }

    /// New credentials could not be had, or the server refuses them.
    CredentialsFailed<'a> {
        values {
            /// What the failure means.
            class: Class,
            /// When it is tried again; `None` if it is not.
            retry_after: Option<Duration>,
        }
        texts {
            /// Whose they are.
            connector: &'a str,
            /// Why.
            error: &'a str,
        }
        maybe {
            /// The address of the server that refuses them, where it is one.
            address: Option<&'a str>,
        }
    }

    /// A connection that was looked at before it was used is of no use, and is replaced.
    HealthCheckFailed<'a> {
        values {
            /// What the failure means.
            class: Class,
        }
        texts {
            /// Whose connection it is.
            connector: &'a str,
            /// The server's address.
            address: &'a str,
            /// Why.
            error: &'a str,
        }
        maybe {}
    }

    /// A subscription may have missed messages, or has.
    SubscriptionGap<'a> {
        values {
            /// How many since the last time that it was told, which is not more than once a second; `None`: nobody knows, for the connection was
            /// lost.
            missed: Option<u64>,
            /// How long it was not subscribed; `None`: it was, but the messages came faster than they were taken.
            lasted: Option<Duration>,
        }
        texts {
            /// Whose subscription it is.
            connector: &'a str,
        }
        maybe {
            /// The address of the server that was subscribed to, where it is known.
            address: Option<&'a str>,
            /// Why, where an error says it.
            error: Option<&'a str>,
        }
    }
}
