//! Who the application is for Redis.

pub(crate) mod renewal;
pub(crate) mod source;

use std::fmt;
use std::time::Duration;

use redis::{Cmd, RedisResult};

pub(crate) use renewal::Renewal;
pub(crate) use source::CredentialsSource;

use crate::settings::Settings;
use redis_resilient_runtime::__seam::clock::now_ms;

/// A user name and password for Redis.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    username: Option<String>,
    password: String,
    valid_for: Option<Duration>,
}

impl Credentials {
    /// The password of the default user.
    #[must_use]
    pub fn password(password: impl Into<String>) -> Self {
        Self {
            username: None,
            password: password.into(),
            valid_for: None,
        }
    }

    /// The name and password of an ACL user.
    #[must_use]
    pub fn user(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: Some(name.into()),
            password: password.into(),
            valid_for: None,
        }
    }

    /// How long they are valid, counted from when they were requested. Default: without a limit. Cloud tokens are valid for 15 minutes or an hour.
    ///
    /// After three quarters of that time new ones are requested, and open connections switch to them (`AUTH`). No call fails or waits for it, and the
    /// server's own time limit for the connection starts anew. If the request fails, or the server refuses the new ones, it is repeated; a connection
    /// is not given up for that as long as the server keeps it open.
    ///
    /// * Shared connections and [subscriptions](crate::pubsub::subscription::Subscription), are renewed in the background.
    /// * Connections for one command or one caller are renewed before their next command: those for commands that block, such as `BLPOP`,
    ///   [blocking](crate::blocking::BlockingConnection) ones and [dedicated](crate::dedicated::DedicatedConnection) ones, unless they have state (a
    ///   transaction, another database).
    /// * A command that blocks longer than the credentials are valid fails if the server closes its connection. Connections from
    ///   [`pubsub`](crate::connector::Connector::pubsub) are never renewed.
    ///
    /// ```
    /// use redis_resilient::connection::Credentials;
    /// use std::time::Duration;
    ///
    /// # fn sign() -> String { String::new() }
    /// let token = Credentials::user("app", sign()).valid_for(Duration::from_secs(900));
    /// ```
    #[must_use]
    pub const fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }

    pub(crate) fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    pub(crate) fn secret(&self) -> &str {
        &self.password
    }

    /// What makes a connection theirs.
    pub(crate) fn command(&self) -> Cmd {
        let mut command = redis::cmd("AUTH");
        command.arg(self.username()).arg(&self.password);
        command
    }
}

/// Without the password.
/// Without the user: some services take tokens there, and URLs are shown without it as well.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("valid_for", &self.valid_for)
            .finish_non_exhaustive()
    }
}

/// So that what is asked for them may fail, or cannot.
impl From<Credentials> for RedisResult<Credentials> {
    fn from(credentials: Credentials) -> Self {
        Ok(credentials)
    }
}

/// What a connection is made with.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    credentials: Option<Credentials>,
    pub(crate) renewal: Renewal,
}

impl Asked {
    fn at(asked_ms: u64, credentials: Credentials) -> Self {
        let renewal = credentials
            .valid_for
            .map_or(Renewal::NEVER, |time| Renewal::of(time, asked_ms));
        Self {
            credentials: Some(credentials),
            renewal,
        }
    }

    /// `None`: those of the address, if it has any.
    pub(crate) const fn get(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    const fn nobody() -> Self {
        Self {
            credentials: None,
            renewal: Renewal::NEVER,
        }
    }
}

impl Settings {
    /// Asks who the application is, for one connect. Takes half of the time to connect at most: the other is left for the server.
    pub(crate) async fn ask(&self) -> RedisResult<Asked> {
        match &self.credentials {
            Some(source) => {
                let asked_ms = now_ms();
                let credentials = source.ask(self.connect_timeout() / 2).await?;
                Ok(Asked::at(asked_ms, credentials))
            }
            None => Ok(Asked::nobody()),
        }
    }

    /// The same for synchronous code.
    pub(crate) fn ask_blocking(&self) -> RedisResult<Asked> {
        match &self.credentials {
            Some(source) => {
                let asked_ms = now_ms();
                let credentials = source.ask_blocking(self.connect_timeout() / 2)?;
                Ok(Asked::at(asked_ms, credentials))
            }
            None => Ok(Asked::nobody()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_user_nor_password_is_shown() {
        let user = Credentials::user("alice", "hunter2").valid_for(Duration::from_secs(2));
        let shown = format!("{user:?} {:?}", Asked::at(0, user.clone()));
        assert!(
            !shown.contains("alice") && !shown.contains("hunter2"),
            "{shown}"
        );
    }

    #[test]
    fn the_default_user_has_no_name() {
        let words = |credentials: Credentials| credentials.command().get_packed_command();
        assert_eq!(
            words(Credentials::password("p")),
            b"*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n"
        );
        assert_eq!(
            words(Credentials::user("u", "p")),
            b"*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n"
        );
    }
}
