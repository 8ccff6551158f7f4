//! What happens to connections.

use std::time::Duration;

use super::declare::declare;
use crate::Class;

declare! {
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
