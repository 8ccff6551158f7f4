//! What a connector may be told, and how it is built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, ConnectionInfo, IntoConnectionInfo, RedisResult};

use super::Connector;
#[cfg(feature = "cluster")]
use super::cluster::Cluster;
use super::command::Effect;
#[cfg(feature = "sentinel")]
use super::role::Role;
#[cfg(feature = "sentinel")]
use super::sentinel::Sentinels;
use super::source::Source;
#[cfg(feature = "tls-rustls")]
use super::tls::{Certificates, NO_TLS, wrong};

/// How a [`Connector`]'s connections behave.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) connect_timeout: Duration,
    pub(super) response_timeout: Duration,
    pub(super) health_check_after: Duration,
    pub(super) connections: usize,
    pub(super) unanswered: u32,
    /// The worst of what is sent again although it may have been executed.
    pub(super) repeated: Effect,
    pub(super) credentials: Option<CredentialsSource>,
    pub(super) client_name: Option<ClientName>,
}

/// All of them are made, and made anew, one after the other.
pub(super) const MOST_CONNECTIONS: usize = 1000;

pub(super) type CredentialsSource = Arc<dyn Fn() -> Credentials + Send + Sync>;

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        connect_timeout: Duration::from_secs(1),
        response_timeout: Duration::from_millis(500),
        health_check_after: Duration::from_secs(1),
        connections: 1,
        unanswered: 2,
        repeated: Effect::Repeatable,
        credentials: None,
        client_name: None,
    };
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("health_check_after", &self.health_check_after)
            .field("connections", &self.connections)
            .field("unanswered", &self.unanswered)
            .field("repeated", &self.repeated)
            .field("client_name", &self.client_name)
            .finish_non_exhaustive()
    }
}

/// What `CLIENT LIST` calls a connection.
#[derive(Clone, Debug)]
pub(super) struct ClientName(String);

impl ClientName {
    /// `None`: Redis would not take it.
    pub(super) fn new(name: &str) -> Option<Self> {
        let is_good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Self(name.to_owned()))
    }

    pub(super) fn command(&self) -> Cmd {
        let mut command = redis::cmd("CLIENT");
        command.arg("SETNAME").arg(&self.0);
        command
    }
}

/// Who the application is for Redis.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) username: Option<String>,
    pub(super) password: String,
}

impl Credentials {
    /// The password of the default user.
    #[must_use]
    pub fn password(password: impl Into<String>) -> Self {
        Self {
            username: None,
            password: password.into(),
        }
    }

    /// A user of its own.
    #[must_use]
    pub fn user(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: Some(name.into()),
            password: password.into(),
        }
    }
}

/// Without the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// A [`Connector`] in the making. Nothing is connected by it.
#[derive(Clone, Debug)]
#[must_use = "it connects nothing until it is built"]
pub struct ConnectorBuilder {
    source: Source,
    settings: Settings,
}

impl ConnectorBuilder {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            settings: Settings::DEFAULT,
        }
    }

    #[cfg(feature = "sentinel")]
    pub(super) fn sentinels<T: IntoConnectionInfo>(
        nodes: impl IntoIterator<Item = T>,
        master: impl Into<String>,
    ) -> RedisResult<Self> {
        let sentinels = Sentinels::new(infos(nodes)?, master.into())?;
        Ok(Self::new(Source::Sentinels(Box::new(sentinels))))
    }

    #[cfg(feature = "cluster")]
    pub(super) fn cluster<T: IntoConnectionInfo>(
        seeds: impl IntoIterator<Item = T>,
    ) -> RedisResult<Self> {
        let cluster = Cluster::new(infos(seeds)?)?;
        Ok(Self::new(Source::Cluster(Box::new(cluster))))
    }

    pub(super) fn single(address: impl IntoConnectionInfo) -> RedisResult<Self> {
        Ok(Self::new(Source::Server(Box::new(
            address.into_connection_info()?,
        ))))
    }

    /// How long it may take to connect, TLS, AUTH and all; 1 s unless told.
    ///
    /// # Panics
    /// If it is zero.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "connect_timeout has to be longer than zero"
        );
        self.settings.connect_timeout = timeout;
        self
    }

    /// How long Redis may take to answer a command; 500 ms unless told. Commands that wait in the server, such as `BLPOP`, may take as long as
    /// they say.
    ///
    /// # Panics
    /// If it is zero.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "response_timeout has to be longer than zero"
        );
        self.settings.response_timeout = timeout;
        self
    }

    /// A connection that has not been used for so long is tried with a `PING` before it is used again, and with Sentinels the master's
    /// address is looked up; 1 s unless told.
    pub fn health_check_after(mut self, idle: Duration) -> Self {
        self.settings.health_check_after = idle;
        self
    }

    /// How many commands in a row may go without an answer before the connection is given up; 2 unless told.
    ///
    /// # Panics
    /// If it is zero.
    pub fn give_up_after(mut self, unanswered: u32) -> Self {
        assert!(unanswered > 0, "give_up_after has to be at least 1");
        self.settings.unanswered = unanswered;
        self
    }

    /// Whether an annotated function also retries, after a lost reply, what leaves the same state when it is executed twice but answers
    /// otherwise, such as `SADD`, `DEL`, `HSET`, `SET … NX`; `false` unless told.
    ///
    /// It is for those who do not look at the reply: that of a second `DEL` is 0, as if somebody else had been first.
    pub fn repeat_same_state(mut self, repeat: bool) -> Self {
        self.settings.repeated = if repeat {
            Effect::SameState
        } else {
            Effect::Repeatable
        };
        self
    }

    /// Over how many connections the commands are spread; 1 unless told, which is enough for most: it carries many commands at once. At most
    /// 1,000.
    ///
    /// # Panics
    /// If it is zero, or more than 1,000.
    pub fn connections(mut self, connections: usize) -> Self {
        assert!(connections > 0, "a connector needs at least 1 connection");
        assert!(
            connections <= MOST_CONNECTIONS,
            "a connector has at most 1000 connections, not {connections}: one carries many commands at once, so a few are enough"
        );
        self.settings.connections = connections;
        self
    }

    /// Who the application is, asked for each time that it connects: for passwords that are changed while it runs.
    ///
    /// It goes before what the URL says. It is called on a thread that runs asynchronous code, so it should not block.
    pub fn credentials(mut self, source: impl Fn() -> Credentials + Send + Sync + 'static) -> Self {
        self.settings.credentials = Some(Arc::new(source));
        self
    }

    /// What `CLIENT LIST` calls the connections, so that whoever is on call finds them there; nothing unless told. Where Redis does not let the
    /// user name them, they have none. Redis-rs makes those to a cluster, and they have none either.
    ///
    /// # Panics
    /// If it is empty, or has a space or another character that Redis does not take there.
    pub fn client_name(mut self, name: &str) -> Self {
        self.settings.client_name = ClientName::new(name);
        assert!(
            self.settings.client_name.is_some(),
            "client_name has to be ASCII without spaces, and not empty"
        );
        self
    }

    /// What the server has to be among those that Sentinels watch; the master unless told. Of no effect without Sentinels.
    #[cfg(feature = "sentinel")]
    pub fn role(mut self, role: Role) -> Self {
        if let Source::Sentinels(sentinels) = &mut self.source {
            sentinels.role = role;
        }
        self
    }

    /// Database, user, password and protocol for the servers that Sentinels name. A URL has its own.
    #[cfg(feature = "sentinel")]
    pub fn servers(mut self, settings: redis::RedisConnectionInfo) -> Self {
        if let Source::Sentinels(sentinels) = &mut self.source {
            sentinels.server = settings;
        }
        self
    }

    /// Whom to trust over TLS in place of the authorities that the machine trusts, and the certificate that shows who the application is, if
    /// the server asks for one.
    ///
    /// It is for `rediss://` URLs, those of Sentinels too, and it makes [`servers_over_tls`](Self::servers_over_tls) of the servers that
    /// Sentinels name.
    ///
    /// ```
    /// use redis::{ClientTlsConfig, TlsCertificates};
    /// use redis_resilient::connection::Connector;
    ///
    /// # fn connect(authority: Vec<u8>, certificate: Vec<u8>, key: Vec<u8>) -> redis::RedisResult<Connector> {
    /// let redis = Connector::builder("rediss://redis.internal:6380")?
    ///     .tls_certificates(&TlsCertificates {
    ///         root_cert: Some(authority),
    ///         client_tls: Some(ClientTlsConfig { client_cert: certificate, client_key: key }),
    ///     })?
    ///     .build();
    /// # Ok(redis)
    /// # }
    /// ```
    ///
    /// # Errors
    /// If one of them is not a PEM text with what it has to be, if the key is not that of the certificate, or if the URL is not one for TLS.
    #[cfg(feature = "tls-rustls")]
    pub fn tls_certificates(mut self, certificates: &redis::TlsCertificates) -> RedisResult<Self> {
        let certificates = Certificates::read(certificates)?;
        match &mut self.source {
            Source::Server(info) => **info = with_certificates(info, &certificates)?,
            #[cfg(feature = "sentinel")]
            Source::Sentinels(sentinels) => sentinels.trust(certificates),
            #[cfg(feature = "cluster")]
            Source::Cluster(cluster) => cluster.trust(certificates)?,
            // Made of a cluster, which has been told.
            #[cfg(feature = "cluster")]
            Source::Node(_) => {}
        }
        Ok(self)
    }

    /// The servers that Sentinels name are spoken to over TLS. A URL says so itself.
    #[cfg(all(feature = "sentinel", feature = "tls-rustls"))]
    pub fn servers_over_tls(mut self) -> Self {
        if let Source::Sentinels(sentinels) = &mut self.source {
            sentinels.tls = true;
        }
        self
    }

    /// The connector.
    #[must_use]
    pub fn build(self) -> Connector {
        Connector::new(self.source, self.settings)
    }
}

#[cfg(any(feature = "cluster", feature = "sentinel"))]
fn infos<T: IntoConnectionInfo>(
    addresses: impl IntoIterator<Item = T>,
) -> RedisResult<Vec<ConnectionInfo>> {
    let infos = addresses.into_iter().map(T::into_connection_info);
    infos.collect()
}

/// # Errors
/// If the address is not one for TLS.
#[cfg(feature = "tls-rustls")]
pub(super) fn with_certificates(
    info: &ConnectionInfo,
    certificates: &Certificates,
) -> RedisResult<ConnectionInfo> {
    match certificates.on(info.addr()) {
        Some(address) => Ok(info.clone().set_addr(address)),
        None => Err(wrong(NO_TLS)),
    }
}

/// Where and how to connect, with the settings that a URL cannot tell.
pub(super) fn with_tcp_settings(info: ConnectionInfo) -> ConnectionInfo {
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
