//! Attempts of calls that fail, and what answers instead.

use std::time::Duration;

use super::declare::declare;
use super::{HedgeWinner, Next};
use crate::{Class, ServedBy};

declare! {
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
            /// Whether the failure was injected on purpose, by the feature `chaos`.
            injected: bool,
        }
        texts {}
        maybe {
            /// The error's text; `None` for a type that is no [`std::error::Error`].
            error: Option<&'a str>,
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// A second attempt was started beside one that took long ([`hedge`](crate::Policy::hedge)), and now it is known what came of both. Nothing is
    /// told of a call that is cancelled before.
    Hedged {
        values {
            /// The function's name.
            function: &'static str,
            /// So long after the first attempt the second one was due.
            after: Duration,
            /// Which of them was the first with an answer.
            winner: HedgeWinner,
            /// The breaker that the function is on.
            breaker: Option<&'static str>,
        }
        texts {}
        maybe {}
    }

    /// There is no retry after an attempt that failed, because the [retry budget](crate::Breaker::retry_budget) has no token left. What comes
    /// instead is told with [`AttemptFailed`].
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

    /// The time that its request was given is used up, and a call ends by that: see `RequestBudget`, behind the feature `request-budget`. Told once for
    /// each such call.
    RequestBudgetExhausted {
        values {
            /// The function's name.
            function: &'static str,
            /// How long the request was given.
            budget: Duration,
            /// Whether an attempt was made. If not, the budget was used up before the call.
            attempted: bool,
            /// The breaker that the function is on.
            breaker: Option<&'static str>,
        }
        texts {}
        maybe {}
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
            /// Who answers.
            served_by: ServedBy,
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
}
