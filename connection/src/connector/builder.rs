//! How a connector is built.

use std::future::Future;
use std::time::Duration;

#[cfg(any(feature = "cluster", feature = "sentinel"))]
use redis::ConnectionInfo;
use redis::{IntoConnectionInfo, RedisResult};

use crate::command::Effect;
use crate::connector::Connector;
use crate::endpoint::Endpoint;
#[cfg(feature = "sentinel")]
use crate::endpoint::role::Role;
#[cfg(feature = "sentinel")]
use crate::endpoint::sentinel::Sentinels;
#[cfg(feature = "cluster")]
use crate::manager::nodes::Cluster;
use crate::settings::credentials::{Credentials, CredentialsSource};
#[cfg(feature = "tls-rustls")]
use crate::settings::tls::{Certificates, CertificatesSource};
#[cfg(feature = "tls-rustls")]
use crate::settings::with_certificates;
use crate::settings::{ClientName, MOST_CONNECTIONS, Settings};

/// A [`Connector`] in the making. Nothing is connected by it.
#[derive(Clone, Debug)]
#[must_use = "it connects nothing until it is built"]
pub struct ConnectorBuilder {
    endpoint: Endpoint,
    settings: Settings,
}

impl ConnectorBuilder {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            settings: Settings::DEFAULT,
        }
    }

    #[cfg(feature = "sentinel")]
    pub(crate) fn sentinels<T: IntoConnectionInfo>(
        nodes: impl IntoIterator<Item = T>,
        primary: impl Into<String>,
    ) -> RedisResult<Self> {
        let sentinels = Sentinels::new(infos(nodes)?, primary.into())?;
        Ok(Self::new(Endpoint::Sentinels(Box::new(sentinels))))
    }

    #[cfg(feature = "cluster")]
    pub(crate) fn cluster<T: IntoConnectionInfo>(
        seeds: impl IntoIterator<Item = T>,
    ) -> RedisResult<Self> {
        let cluster = Cluster::new(infos(seeds)?)?;
        Ok(Self::new(Endpoint::Cluster(Box::new(cluster))))
    }

    pub(crate) fn single(address: impl IntoConnectionInfo) -> RedisResult<Self> {
        Ok(Self::new(Endpoint::Server(Box::new(
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

    /// A connection that has not been used for so long is tried with a `PING` before it is used again, and with Sentinels the primary's
    /// address is looked up; 1 s unless told. So is the server of a command that waits in it, each time that it has waited for so long.
    pub fn health_check_after(mut self, idle: Duration) -> Self {
        self.settings.health_check_after = idle;
        self
    }

    /// How many commands in a row may go without an answer before the connection is given up; 2 unless told. A command that waits in a server is
    /// given up after as many health checks in a row that get none.
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
    /// An application with several tokio runtimes has so many on each that it uses.
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

    /// How many commands may wait in a server at once, such as `BLPOP`: each needs a connection of its own. 512 unless told, to each server of a
    /// cluster: half of the 1,024 files that a process may open by default, and a small part of the 10,000 clients that a server takes.
    ///
    /// One more waits for one of them to end, for as long as a connection may take ([`connect_timeout`](Self::connect_timeout)), and then fails
    /// with [`Rejection::Saturated`](redis_resilient_runtime::Rejection::Saturated), which is not retried and does not count as a failure of Redis. A command that is
    /// dropped ends its connection and gives its place back.
    ///
    /// Those of [`dedicated`](crate::connector::Connector::dedicated) do not count, nor do those of synchronous code: their holders have them for as long as
    /// they like, and the application knows how many they are.
    ///
    /// # Panics
    /// If it is zero.
    pub fn waiting_connections(mut self, connections: usize) -> Self {
        assert!(
            connections > 0,
            "commands that wait need at least 1 connection"
        );
        self.settings.waiting_connections = connections;
        self
    }

    /// Who the application is, asked for once each time that it connects: for passwords that are changed while it runs, and tokens that
    /// [do not last](Credentials::valid_for).
    ///
    /// It goes before what the URL says. It gives [`Credentials`] or a `RedisResult` of them, and may block: it is called on a thread of its own,
    /// inside the tokio runtime if asynchronous code connects. Where it has not answered within half of the
    /// [`connect_timeout`](Self::connect_timeout), fails or panics, connecting fails: with its own failure, with the class
    /// [`Unreachable`](redis_resilient_runtime::Class::Unreachable), and with [`Misconfigured`](redis_resilient_runtime::Class::Misconfigured).
    ///
    /// ```
    /// use redis_resilient::connection::{Connector, Credentials};
    ///
    /// # fn connect() -> redis::RedisResult<()> {
    /// let redis = Connector::builder("rediss://redis.internal/")?
    ///     .credentials(|| -> redis::RedisResult<_> {
    ///         let password = std::fs::read_to_string("/run/secrets/redis")?;
    ///         Ok(Credentials::user("app", password.trim()))
    ///     })
    ///     .build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials<C: Into<RedisResult<Credentials>>>(
        mut self,
        source: impl Fn() -> C + Send + Sync + 'static,
    ) -> Self {
        let source = CredentialsSource::closure(move || source().into());
        self.settings.credentials = Some(source);
        self
    }

    /// The same, asked for by asynchronous code, with the same limit: for tokens that come over the network.
    ///
    /// Connections for synchronous code ask it too, in a small tokio runtime that is made for that and ends with it: what it uses must not depend on
    /// tasks of another, such as a pool of HTTP connections may.
    ///
    /// ```
    /// use redis_resilient::connection::{Connector, Credentials};
    /// use std::time::Duration;
    ///
    /// # async fn token() -> redis::RedisResult<String> { Ok(String::new()) }
    /// # fn connect() -> redis::RedisResult<()> {
    /// let redis = Connector::builder("rediss://redis.internal/")?
    ///     .credentials_async(|| async {
    ///         let token = token().await?;
    ///         Ok(Credentials::user("app", token).valid_for(Duration::from_secs(900)))
    ///     })
    ///     .build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials_async<F>(mut self, source: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = RedisResult<Credentials>> + Send + 'static,
    {
        self.settings.credentials = Some(CredentialsSource::future(source));
        self
    }

    /// Those that do not change.
    pub(crate) fn constant_credentials(mut self, credentials: Credentials) -> Self {
        self.settings.credentials = Some(CredentialsSource::constant(credentials));
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

    /// How long a reply to synchronous code may be, in bytes as they go over the wire; as long as it likes unless told. Of a pipeline each reply is
    /// counted by itself.
    ///
    /// One that is longer ends its connection as soon as that shows, before its bytes fill the memory, and is an error of the class
    /// [`Permanent`](redis_resilient_runtime::Class::Permanent), which names this setting: the command was executed, and would be answered so again.
    ///
    /// Replies to asynchronous code, and those over TLS, are read by redis-rs, which has no such limit.
    ///
    /// # Panics
    /// If it is zero.
    pub fn max_reply_bytes(mut self, bytes: usize) -> Self {
        assert!(bytes > 0, "max_reply_bytes has to be at least 1");
        self.settings.max_reply_bytes = Some(bytes);
        self
    }

    /// What the server has to be among those that Sentinels watch; the primary unless told. Of no effect without Sentinels.
    #[cfg(feature = "sentinel")]
    pub fn role(mut self, role: Role) -> Self {
        if let Endpoint::Sentinels(sentinels) = &mut self.endpoint {
            sentinels.role = role;
        }
        self
    }

    /// Whether more than half of the named Sentinels have to say where the server is before it is connected to; `true` unless told. Of no effect
    /// without Sentinels.
    ///
    /// * `true`: a client that a partition has shut in with the old primary and one Sentinel of three connects to nothing, in place of writing to a
    ///   server whose writes will be thrown away. It costs availability: while two Sentinels of three are down, no new connection can be made
    ///   although Redis may be well, and calls fail with an error that says how many have answered.
    /// * `false`: a majority is still waited for, for half of the connect timeout. If it does not come, the newest configuration among those that
    ///   have answered is believed, be it that of a lone one. It costs writes: in such a partition they go to the old primary, and are lost when it
    ///   comes back as a replica. It is for caches, and where Redis itself refuses such writes (`min-replicas-to-write`).
    ///
    /// It is a majority of those that are *named*, so name them all. The word of one that is named alone is enough, and of two that are named both
    /// have to answer. One that does not know the name is no voice for it.
    ///
    /// A connection in use is kept when the majority is gone, whichever is chosen, while its server answers and takes what it is sent: else the
    /// loss of Sentinels, which a healthy Redis does without, would be an outage. It is left as soon as a majority names another server. So what
    /// was connected before a partition may write to the old primary during it; what keeps a primary from taking such writes is
    /// `min-replicas-to-write 1` with `min-replicas-max-lag` in its own configuration.
    #[cfg(feature = "sentinel")]
    pub fn sentinel_majority(mut self, needed: bool) -> Self {
        if let Endpoint::Sentinels(sentinels) = &mut self.endpoint {
            sentinels.needs_majority(needed);
        }
        self
    }

    /// Database, user, password and protocol for the servers that Sentinels name. A URL has its own.
    #[cfg(feature = "sentinel")]
    pub fn servers(mut self, settings: redis::RedisConnectionInfo) -> Self {
        if let Endpoint::Sentinels(sentinels) = &mut self.endpoint {
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
        self.settings.certificates = None;
        self.trust(&Certificates::read(certificates)?)
    }

    /// The same, asked for again with each new connection: for certificates that are changed while the application runs, as those that are good for
    /// an hour.
    ///
    /// It should read files at most: it is called on a thread that runs asynchronous code. It is asked once here, and that has to succeed. Where it
    /// fails later, or what it gives cannot be used, such as a file that is being written or a key that is not yet that of the certificate, the last ones
    /// that were good go on. A server that takes those no more ends the handshake, and connecting fails with what it says. A connection that
    /// is there already keeps those that it was made with.
    ///
    /// ```
    /// use redis::{ClientTlsConfig, TlsCertificates};
    /// use redis_resilient::connection::Connector;
    /// use std::fs::read;
    ///
    /// # fn connect() -> redis::RedisResult<Connector> {
    /// let redis = Connector::builder("rediss://redis.internal:6380")?
    ///     .tls_certificates_from(|| {
    ///         Ok(TlsCertificates {
    ///             root_cert: Some(read("/etc/ssl/redis-ca.pem")?),
    ///             client_tls: Some(ClientTlsConfig {
    ///                 client_cert: read("/run/certificates/app.pem")?,
    ///                 client_key: read("/run/certificates/app-key.pem")?,
    ///             }),
    ///         })
    ///     })?
    ///     .build();
    /// # Ok(redis)
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the source fails with here, and as [`tls_certificates`](Self::tls_certificates).
    #[cfg(feature = "tls-rustls")]
    pub fn tls_certificates_from(
        mut self,
        source: impl Fn() -> RedisResult<redis::TlsCertificates> + Send + Sync + 'static,
    ) -> RedisResult<Self> {
        let source = CertificatesSource::new(source)?;
        let first = source.last();
        self.settings.certificates = Some(source);
        self.trust(&first)
    }

    #[cfg(feature = "tls-rustls")]
    fn trust(mut self, certificates: &Certificates) -> RedisResult<Self> {
        match &mut self.endpoint {
            Endpoint::Server(info) => **info = with_certificates(info, certificates)?,
            #[cfg(feature = "sentinel")]
            Endpoint::Sentinels(sentinels) => sentinels.trust(certificates.clone()),
            #[cfg(feature = "cluster")]
            Endpoint::Cluster(cluster) => cluster.trust(certificates.clone())?,
            // Made of a cluster, which has been told.
            #[cfg(feature = "cluster")]
            Endpoint::Node(_) => {}
        }
        Ok(self)
    }

    /// The servers that Sentinels name are spoken to over TLS. A URL says so itself.
    #[cfg(all(feature = "sentinel", feature = "tls-rustls"))]
    pub fn servers_over_tls(mut self) -> Self {
        if let Endpoint::Sentinels(sentinels) = &mut self.endpoint {
            sentinels.tls = true;
        }
        self
    }

    /// The connector.
    #[must_use]
    pub fn build(self) -> Connector {
        Connector::new(self.endpoint, self.settings)
    }
}

#[cfg(any(feature = "cluster", feature = "sentinel"))]
fn infos<T: IntoConnectionInfo>(
    addresses: impl IntoIterator<Item = T>,
) -> RedisResult<Vec<ConnectionInfo>> {
    let infos = addresses.into_iter().map(T::into_connection_info);
    infos.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(connections: usize) -> ConnectorBuilder {
        let builder = ConnectorBuilder::single("redis://localhost").expect("a URL");
        builder.connections(connections)
    }

    #[test]
    fn a_thousand_connections_are_the_most() {
        assert_eq!(with(MOST_CONNECTIONS).settings.connections, 1000);
    }

    #[test]
    #[should_panic(expected = "at most 1000 connections, not 1001")]
    fn more_are_refused() {
        let _ = with(MOST_CONNECTIONS + 1);
    }
}
