//! How the connections of a connector behave.

pub(crate) mod client;
pub(crate) mod credentials;
mod departures;
mod said;
#[cfg(feature = "tls-rustls")]
pub(crate) mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "tls-rustls")]
use redis::RedisResult;
use redis::{Cmd, ConnectionInfo};

pub(crate) use self::departures::Departures;
pub(crate) use self::said::Said;
use super::command::Effect;
use super::events::Events;
use crate::settings::credentials::CredentialsSource;
#[cfg(feature = "tls-rustls")]
use crate::settings::tls::{Certificates, CertificatesSource, NO_TLS, wrong};

/// How the connections of a [`Connector`](crate::connector::Connector) behave.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) health_check_after: Duration,
    pub(crate) connections: usize,
    pub(crate) waiting_connections: usize,
    pub(crate) unanswered: u32,
    /// The worst of what is sent again although it may have been executed.
    pub(crate) repeated: Effect,
    pub(crate) credentials: Option<CredentialsSource>,
    pub(crate) client_name: Option<ClientName>,
    /// Where they may change.
    #[cfg(feature = "tls-rustls")]
    pub(crate) certificates: Option<CertificatesSource>,
    /// Of synchronous code; `None`: as long as they like.
    pub(crate) max_reply_bytes: Option<usize>,
    /// `None` for a moment only.
    pub(crate) events: Option<Arc<Events>>,
    /// What was said since; shared by all that were cloned from those of one connector.
    pub(crate) said: Option<Arc<Said>>,
    /// How often it was left for another database; shared in the same way.
    pub(crate) departures: Option<Arc<Departures>>,
}

/// All of them are made, and made anew, one after the other.
pub(crate) const MOST_CONNECTIONS: usize = 1000;

impl Settings {
    pub(crate) const DEFAULT: Self = Self {
        connect_timeout: Duration::from_secs(1),
        response_timeout: Duration::from_millis(500),
        health_check_after: Duration::from_secs(1),
        connections: 1,
        waiting_connections: 512,
        unanswered: 2,
        repeated: Effect::Repeatable,
        credentials: None,
        client_name: None,
        #[cfg(feature = "tls-rustls")]
        certificates: None,
        max_reply_bytes: None,
        events: None,
        said: None,
        departures: None,
    };

    /// The same, of what tells observers in this name, or in that of the connector that they were made for.
    pub(crate) fn telling(mut self, name: impl FnOnce() -> String) -> Self {
        let connector = match &self.events {
            Some(events) => events.connector().clone(),
            None => match &self.client_name {
                Some(ClientName(client)) => format!("{} as {client}", name()).into(),
                None => name().into(),
            },
        };
        self.events = Some(Arc::new(Events::of(connector)));
        self.said.get_or_insert_default();
        self.departures.get_or_insert_default();
        self
    }

    /// Has observers told something.
    pub(crate) fn tell(&self, tell: impl FnOnce(&Events)) {
        if let Some(events) = &self.events {
            tell(events);
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("connect_timeout", &self.connect_timeout())
            .field("response_timeout", &self.response_timeout())
            .field("health_check_after", &self.health_check_after())
            .field("connections", &self.connections)
            .field("waiting_connections", &self.waiting_connections)
            .field("unanswered", &self.unanswered)
            .field("repeated", &self.repeated)
            .field("client_name", &self.client_name)
            .field("max_reply_bytes", &self.max_reply_bytes)
            .finish_non_exhaustive()
    }
}

/// What `CLIENT LIST` calls a connection.
#[derive(Clone, Debug)]
pub(crate) struct ClientName(String);

impl ClientName {
    /// `None`: Redis would not take it.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let is_good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Self(name.to_owned()))
    }

    pub(crate) fn command(&self) -> Cmd {
        let mut command = redis::cmd("CLIENT");
        command.arg("SETNAME").arg(&self.0);
        command
    }
}

/// # Errors
/// If the address is not one for TLS.
#[cfg(feature = "tls-rustls")]
pub(crate) fn with_certificates(
    info: &ConnectionInfo,
    certificates: &Certificates,
) -> RedisResult<ConnectionInfo> {
    match certificates.on(info.addr()) {
        Some(address) => Ok(info.clone().set_addr(address)),
        None => Err(wrong(NO_TLS)),
    }
}

/// Where and how to connect, with the settings that a URL cannot tell.
pub(crate) fn with_tcp_settings(info: ConnectionInfo) -> ConnectionInfo {
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    // The kernel gives up a peer that is gone, for the commands that have no timeout.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let tcp = match tcp.user_timeout() {
        Some(_) => tcp,
        None => tcp.set_user_timeout(Duration::from_secs(10)),
    };
    let tcp = match tcp.keepalive() {
        Some(_) => tcp,
        None => tcp.set_keepalive(
            redis::io::tcp::socket2::TcpKeepalive::new()
                .with_time(Duration::from_secs(15))
                .with_interval(Duration::from_secs(5)),
        ),
    };
    info.set_tcp_settings(tcp)
}
