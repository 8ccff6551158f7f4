//! How a journal in NATS is reached.

use std::fmt;
use std::time::Duration;

/// Where NATS is, and how a journal is kept in it: for [`JournalBuilder::nats`](crate::JournalBuilder::nats), which takes an address too.
///
/// ```
/// use redis_resilient::journal::{Journal, Nats};
///
/// let journal = Journal::builder("orders").nats(Nats::at("nats://a.example:4222,nats://b.example:4222").replicas(3));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Nats {
    pub(super) servers: String,
    pub(super) credentials: Option<String>,
    pub(super) prefix: String,
    pub(super) replicas: usize,
    pub(super) timeout: Duration,
    pub(super) lease: Duration,
}

impl Nats {
    /// Servers of one NATS, with commas between them: `nats://user:password@a.example:4222,nats://user:password@b.example:4222`, or `tls://…`.
    pub fn at(servers: impl Into<String>) -> Self {
        Self {
            servers: servers.into(),
            credentials: None,
            prefix: "rr".to_owned(),
            replicas: 1,
            timeout: Duration::from_secs(5),
            lease: Duration::from_secs(6),
        }
    }

    /// What is in the `.creds` file that NATS has issued.
    pub fn credentials(mut self, credentials: impl Into<String>) -> Self {
        self.credentials = Some(credentials.into());
        self
    }

    /// What the names of the stream and of its subjects begin with; `rr` unless told: the journal `orders` is in the stream `rr-orders`, on
    /// `rr.orders.*`. Letters, digits, `-` and `_`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How many servers of a NATS cluster keep each write; one unless told. A stream that is there already stays as it is.
    ///
    /// # Panics
    /// If it is not from 1 to 5.
    pub const fn replicas(mut self, replicas: usize) -> Self {
        assert!(
            replicas >= 1 && replicas <= 5,
            "NATS keeps from 1 to 5 replicas"
        );
        self.replicas = replicas;
        self
    }

    /// How long NATS is waited for when a write is put into the journal, and at opening; 5 s unless told.
    ///
    /// # Panics
    /// If it is zero, or longer than a minute: NATS knows a write again that is sent twice for two minutes.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero() && timeout.as_millis() <= 60_000,
            "`timeout` has to be from above zero to a minute"
        );
        self.timeout = timeout;
        self
    }

    /// After what time without a word from it another process takes over from the one that executes; 6 s unless told. That one stops by itself after
    /// half of it, so half has to be longer than a command to Redis takes.
    ///
    /// # Panics
    /// If it is shorter than 600 ms.
    pub const fn lease(mut self, lease: Duration) -> Self {
        assert!(
            lease.as_millis() >= 600,
            "`lease` has to be at least 600 ms"
        );
        self.lease = lease;
        self
    }
}

impl From<&str> for Nats {
    fn from(servers: &str) -> Self {
        Self::at(servers)
    }
}

impl From<String> for Nats {
    fn from(servers: String) -> Self {
        Self::at(servers)
    }
}

/// Without addresses and credentials: both may be secret.
impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats")
            .field("prefix", &self.prefix)
            .field("replicas", &self.replicas)
            .field("timeout", &self.timeout)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}
