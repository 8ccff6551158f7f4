//! What caches tell.

use std::time::Duration;

use super::declare::declare;
use crate::Class;

declare! {
    /// A cache served a value whose time is over, or a function with `stale` its last good value.
    StaleServed {
        values {
            /// The cache's name, or the function's.
            cache: &'static str,
            /// How long its time has been over; of a function's last good value, how old it is.
            overdue: Duration,
            /// Whether there was nothing better: the load or the call failed, or takes too long. Else the value is being refreshed.
            in_need: bool,
        }
        texts {}
        maybe {}
    }

    /// What is under a key of a cache in Redis cannot be read as a value of its type. It is loaded, and overwritten. Told at most once a second.
    EntryUnreadable<'a> {
        values {
            /// The cache's name.
            cache: &'static str,
            /// How many since the last time that it was told.
            count: u64,
        }
        texts {
            /// What the codec says of it.
            error: &'a str,
        }
        maybe {}
    }

    /// A cache did not store what was loaded: its lease was gone.
    ValueNotStored {
        values {
            /// The cache's name.
            cache: &'static str,
            /// How long the load took.
            took: Duration,
            /// How long the lease was. If the load took less, the value was invalidated while it was loaded.
            lease: Duration,
        }
        texts {}
        maybe {}
    }

    /// A cache could not tell Redis of an invalidation, and goes on trying. This process is not served the value; others may be. Told once for all
    /// that are pending.
    InvalidationPending<'a> {
        values {
            /// The cache's name.
            cache: &'static str,
            /// What the failure means.
            class: Class,
        }
        texts {
            /// Why.
            error: &'a str,
        }
        maybe {
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// Nothing is pending any more of what a cache could not tell Redis.
    InvalidationsSettled {
        values {
            /// The cache's name.
            cache: &'static str,
            /// How many Redis has been told.
            told: u64,
            /// How many it need not be told any more: what they are about cannot be there any longer.
            dropped: u64,
        }
        texts {}
        maybe {}
    }

    /// Near caches of a connector are not told of changes any more (`near = "tracking"`): they serve nothing from this process until they are, and all
    /// reads go to Redis. Told once, however often it is tried again.
    TrackingLost<'a> {
        values {
            /// What the failure means.
            class: Class,
        }
        texts {
            /// Where Redis is, as in the name of the connector's breaker.
            connector: &'a str,
            /// Why.
            error: &'a str,
        }
        maybe {
            /// The server's address, where the error tells it.
            address: Option<&'a str>,
        }
    }

    /// They are told of changes again.
    TrackingRestored<'a> {
        values {
            /// For how long they were not.
            after: Duration,
        }
        texts {
            /// Where Redis is, as in the name of the connector's breaker.
            connector: &'a str,
        }
        maybe {}
    }
}
